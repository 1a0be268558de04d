// Everything works without this file: it only makes the desk handier.
import { initAll } from './govuk-frontend.min.js'

document.body.classList.add('js-enabled', 'govuk-frontend-supported')
initAll()

// Of a list that follows another show only the options under the heading that is chosen there.
for (const list of document.querySelectorAll('form[data-labels] [name=category], select[data-follows]')) {
  const leader = list.form.elements[list.dataset.follows ?? 'type']
  const follow = () => {
    for (const group of list.querySelectorAll('optgroup')) {
      const fits = group.label === leader.selectedOptions[0].text
      group.hidden = !fits
      group.disabled = !fits
    }
    if (list.selectedOptions[0]?.parentElement.disabled) list.value = 'none'
  }
  leader.addEventListener('change', follow)
  follow()
}
