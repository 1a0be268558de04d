// Lists follow what happens without being loaded again. Without this file they show what was so when they were opened.
const EVERY = 15000
const IDLE_AFTER = 10 * 60 * 1000 // nobody is there: ask no more, so that the session can end

let pulse
let lastSign = Date.now()
for (const sign of ['keydown', 'pointerdown', 'pointermove', 'scroll']) {
  addEventListener(sign, () => { lastSign = Date.now() }, { passive: true })
}

const ask = async (address) => {
  const answer = await fetch(address, { headers: { Accept: 'application/json, text/html' }, redirect: 'error' })
  if (!answer.ok) throw new Error(answer.status)
  return answer
}

const rows = (part) => new Set([...part.querySelectorAll('[data-row]')].map((row) => row.dataset.row))

const replace = (old, fresh) => {
  const focused = old.contains(document.activeElement) ? document.activeElement.getAttribute('href') : null
  const known = rows(old)
  old.replaceWith(fresh)
  if (focused) fresh.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true })
  return [...rows(fresh)].filter((row) => !known.has(row)).length
}

const refresh = async () => {
  const page = new DOMParser().parseFromString(await (await ask(location.href)).text(), 'text/html')
  let added = 0
  for (const old of document.querySelectorAll('[data-live]')) {
    const fresh = page.getElementById(old.id)
    if (fresh && fresh.innerHTML !== old.innerHTML) added += replace(old, fresh)
  }
  if (added) document.getElementById('live-status').textContent = added === 1 ? 'A new message has come.' : `${added} new messages have come.`
}

const look = async () => {
  if (document.hidden || Date.now() - lastSign > IDLE_AFTER) return
  try {
    const now = (await (await ask('/pulse')).json()).pulse
    if (pulse !== undefined && now !== pulse) await refresh()
    pulse = now
  } catch {
    // signed out, or the desk is away: the list stays as it is
  }
}

look()
setInterval(look, EVERY)
document.addEventListener('visibilitychange', look)
