// Says that this page is still open, and shows who else has the same case open.
const EVERY = 60000
const IDLE_AFTER = 10 * 60 * 1000
const notice = document.querySelector('[data-presence]')

if (notice) {
  let lastSign = Date.now()
  for (const sign of ['keydown', 'pointerdown', 'pointermove', 'scroll']) {
    addEventListener(sign, () => { lastSign = Date.now() }, { passive: true })
  }
  const form = (left) => {
    const fields = new FormData()
    fields.set('csrf_token', notice.dataset.token)
    if (left) fields.set('left', 'yes')
    return fields
  }
  const say = async () => {
    if (document.hidden || Date.now() - lastSign > IDLE_AFTER) return
    try {
      const answer = await fetch(notice.dataset.presence, { method: 'POST', body: form(false), redirect: 'error' })
      if (!answer.ok) return
      const { others } = await answer.json()
      const words = others.length ? `${others.join(', ')} ${others.length === 1 ? 'has' : 'have'} this open too.` : ''
      if (!words || !notice.textContent.startsWith(others.join(', '))) notice.textContent = words
    } catch {
      // the desk is away: the notice stays as it is
    }
  }
  setInterval(say, EVERY)
  addEventListener('pagehide', () => navigator.sendBeacon(notice.dataset.presence, form(true)))
}
