"use strict";
// Sorting and filtering of the page's table. It reads what the page shows, and adds nothing to it.
(() => {
  const MOST = 300;
  const table = document.getElementById("findings");
  if (!table) return;
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const words = rows.map((row) => row.textContent.toLowerCase());
  const text = document.getElementById("filter");
  const verdict = document.getElementById("verdict");
  const count = document.getElementById("count");
  const more = document.getElementById("more");
  let most = MOST;
  const show = () => {
    const wanted = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    let matching = 0;
    rows.forEach((row, i) => {
      const fits = wanted.every((word) => words[i].includes(word)) &&
        (!verdict?.value || row.dataset.verdict === verdict.value);
      if (fits) matching += 1;
      row.hidden = !fits;
      row.dataset.fits = fits ? "1" : "";
    });
    let shown = 0;
    for (const row of body.rows) {
      if (!row.dataset.fits) continue;
      shown += 1;
      row.hidden = shown > most;
    }
    count.textContent = `${Math.min(shown, most)} of ${matching} shown, ${rows.length} in all`;
    more.hidden = matching <= most;
  };
  const sort = (column, head) => {
    const descending = head.getAttribute("aria-sort") === "ascending";
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", descending ? "descending" : "ascending");
    const value = (row) => {
      const cell = row.cells[column];
      return cell.dataset.value === undefined ? cell.textContent : Number(cell.dataset.value);
    };
    const known = (v) => typeof v === "string" || !Number.isNaN(v);
    const sorted = [...rows].map((row) => [value(row), row]).sort(([a], [b]) => {
      if (!known(a) || !known(b)) return known(b) - known(a);
      const order = typeof a === "string" ? a.localeCompare(b) : a - b;
      return descending ? -order : order;
    });
    body.append(...sorted.map(([, row]) => row));
    show();
  };
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    const button = head.querySelector("button");
    if (button) button.addEventListener("click", () => sort(column, head));
  });
  text.addEventListener("input", () => { most = MOST; show(); });
  verdict?.addEventListener("change", () => { most = MOST; show(); });
  more.addEventListener("click", () => { most += 10 * MOST; show(); });
  show();
})();
