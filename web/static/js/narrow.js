// A [data-narrow] field shows only those labels of the element it names that
// hold what is typed, and the groups that have any.
export function narrow() {
  document.documentElement.dataset.js = "on";
  const apply = () => {
    for (const box of document.querySelectorAll("[data-narrow]")) {
      const typed = box.querySelector("input").value.trim().toLowerCase();
      for (const group of document.querySelectorAll(`${box.dataset.narrow} fieldset`)) {
        const labels = [...group.querySelectorAll("label")];
        for (const label of labels) label.hidden = !label.textContent.toLowerCase().includes(typed);
        group.hidden = labels.every((label) => label.hidden);
      }
    }
  };
  document.addEventListener("input", (event) => { if (event.target.closest("[data-narrow]")) apply(); });
  document.addEventListener("change", (event) => { if (event.target.closest("[data-narrow]")) event.stopPropagation(); }, true);
  document.addEventListener("htmx:after:swap", apply);
}
