// Arrow keys move between the cells of a [data-matrix] table that are links;
// Enter follows the link, as everywhere.
const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

export function matrix() {
  for (const box of document.querySelectorAll("[data-matrix]")) {
    box.addEventListener("keydown", (event) => {
      const step = steps[event.key];
      const from = event.target.closest("a.cell");
      if (!step || !from || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      const rows = [...box.querySelectorAll("tbody tr")].map((row) => [...row.querySelectorAll("td")]);
      let row = rows.findIndex((cells) => cells.includes(from.parentElement));
      let col = rows[row].indexOf(from.parentElement);
      for (;;) {
        row += step[0];
        col += step[1];
        const cell = rows[row]?.[col];
        if (!cell) return;
        const link = cell.querySelector("a.cell");
        if (link) {
          link.focus();
          return;
        }
      }
    });
  }
}
