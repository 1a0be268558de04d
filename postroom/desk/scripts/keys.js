// Everything by keyboard. Single keys can be turned off (WCAG 2.1.4), and do nothing while something is typed or chosen.
const OFF = 'postroom-keys-off'
const $ = (id) => document.getElementById(id)
const dialog = $('keys')
const isOn = () => localStorage.getItem(OFF) !== 'yes'

const showHint = () => { $('keys-hint').hidden = false }
const showKeys = () => dialog.showModal()

const focus = (element) => {
  element?.scrollIntoView({ block: 'nearest' })
  element?.focus()
}
const open = (id) => {
  const details = $(id)
  if (!details) return
  details.open = true
  focus(details.querySelector('input:not([type=hidden]), textarea'))
}
const submit = (id) => $(id)?.requestSubmit()
const press = (id) => $(id)?.click()

// The queue: one row after the other.
const links = () => [...document.querySelectorAll('.queue__row .queue__subject a')]
const step = (by) => {
  const all = links()
  const here = all.indexOf(document.activeElement)
  focus(all[here < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(here + by, 0), all.length - 1)])
}

// A team by typing: a field before the list, which chooses what fits best.
const addTeamFinder = () => {
  const list = $('team')
  if (!list || !$('confirming')) return
  const field = document.createElement('input')
  field.className = 'govuk-input team-finder'
  field.id = 'team-finder'
  field.autocomplete = 'off'
  field.placeholder = 'Type to find a team'
  field.setAttribute('aria-label', 'Find a team by typing')
  field.setAttribute('aria-controls', 'team')
  const said = document.createElement('span')
  said.className = 'govuk-visually-hidden'
  said.setAttribute('role', 'status')
  const fit = (name, typed) => {
    const words = name.toLowerCase()
    if (words.startsWith(typed)) return 3
    return words.split(/[^\p{L}\p{N}]+/u).some((word) => word.startsWith(typed)) ? 2 : words.includes(typed) ? 1 : 0
  }
  field.addEventListener('input', () => {
    const typed = field.value.trim().toLowerCase()
    if (!typed) return
    const options = [...list.options].filter((option) => option.value)
    const best = options.reduce((a, b) => (fit(b.text, typed) > fit(a.text, typed) ? b : a))
    if (fit(best.text, typed)) list.value = best.value
    said.textContent = fit(best.text, typed) ? best.text : 'No team fits'
  })
  list.before(field, said)
}

const triage = {
  c: () => press('confirm'),
  t: () => focus($('type')),
  g: () => focus($('category')),
  m: () => { focus($('team-finder')); $('team-finder')?.select() },
  x: () => focus($('exclusion')),
  r: () => press('at_risk'),
  l: () => press('preview-letter'),
  o: () => focus(document.querySelector('.message__attachments a')),
  n: () => open('not-feedback'),
  b: () => open('belongs'),
  2: () => open('two-things'),
  s: () => press('skip'),
  u: () => submit('undo'),
  q: () => press('to-queue'),
  '/': () => focus($('find-words')),
  '?': showKeys
}
const queue = {
  j: () => step(1),
  k: () => step(-1),
  o: () => document.activeElement?.closest('.queue__row') && document.activeElement.click(),
  w: () => press('work'),
  u: () => submit('undo'),
  '/': () => focus($('find-words')),
  '?': showKeys
}
const keys = $('confirming') || document.querySelector('.triage') ? triage : queue

const isTyping = (target) => target.matches('input:not([type=checkbox]):not([type=radio]), textarea, select') || dialog.open

addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return
  const { target, key } = event
  if (isTyping(target)) {
    if (key === 'Escape' && !dialog.open) target.blur()
    if (key === 'Enter' && target.closest('#confirming') && !target.matches('button')) {
      event.preventDefault()
      focus($('confirm'))
    }
    return
  }
  const act = isOn() && !event.repeat ? keys[key] : undefined
  if (!act) return
  event.preventDefault()
  act()
})

addTeamFinder()
showHint()
$('keys-open').addEventListener('click', showKeys)
$('keys-close').addEventListener('click', () => dialog.close())
$('keys-on').checked = isOn()
$('keys-on').addEventListener('change', (event) => localStorage.setItem(OFF, event.target.checked ? 'no' : 'yes'))
if ($('preview')) focus($('preview'))
