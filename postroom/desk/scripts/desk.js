// Everything works without this file: it only makes the desk handier.
import { initAll } from './govuk-frontend.min.js'

document.body.classList.add('js-enabled', 'govuk-frontend-supported')
initAll()

// Show only the categories of the chosen type.
for (const form of document.querySelectorAll('form[data-labels]')) {
  const { type, category } = form.elements
  const follow = () => {
    for (const group of category.querySelectorAll('optgroup')) {
      const fits = group.dataset.type === type.value
      group.hidden = !fits
      group.disabled = !fits
    }
    const chosen = category.selectedOptions[0]
    if (chosen?.parentElement.disabled) category.value = 'none'
  }
  type.addEventListener('change', follow)
  follow()
}
