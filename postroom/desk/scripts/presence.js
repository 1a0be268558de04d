// Says that this page is still open, and shows who else has the same case open and what they changed since.
const EVERY = 60000
const IDLE_AFTER = 10 * 60 * 1000
const notice = document.querySelector('[data-presence]')

if (notice) {
  const changes = document.getElementById('changed-since')
  let lastSign = Date.now()
  for (const sign of ['keydown', 'pointerdown', 'pointermove', 'scroll']) {
    addEventListener(sign, () => { lastSign = Date.now() }, { passive: true })
  }
  const form = (left) => {
    const fields = new FormData()
    fields.set('csrf_token', notice.dataset.token)
    fields.set('version', notice.dataset.version)
    if (left) fields.set('left', 'yes')
    return fields
  }
  const show = (place, words) => { if (place.textContent !== words) place.textContent = words } // else it is read out anew
  const say = async () => {
    if (document.hidden || Date.now() - lastSign > IDLE_AFTER) return
    try {
      const answer = await fetch(notice.dataset.presence, { method: 'POST', body: form(false), redirect: 'error' })
      if (!answer.ok) return
      const { others, changed } = await answer.json()
      const words = others.length ? `${others.join(', ')} ${others.length === 1 ? 'has' : 'have'} this open too.` : ''
      if (!words || !notice.textContent.startsWith(others.join(', '))) show(notice, words)
      show(changes, changed && `${changed} Load the page again to see it; what you have typed here stays until you do.`)
    } catch {
      // the desk is away: the notices stay as they are
    }
  }
  say() // the page before this one may have been the same case's, and was left after this one was asked for
  setInterval(say, EVERY)
  addEventListener('pagehide', () => navigator.sendBeacon(notice.dataset.presence, form(true)))
}
