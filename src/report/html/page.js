"use strict";
// What a page does when somebody looks closer: plots tell their values, the table sorts and filters, a link opens what it leads to. The page
// can be read without it.
(() => {
  const part = (name, attributes) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  };
  const tip = document.createElement("div");
  Object.assign(tip, { id: "tip", hidden: true });
  tip.setAttribute("role", "status");
  document.body.append(tip);

  // The values of a plot, under the pointer and by the arrow keys.
  const told = (plot) => {
    const tips = plot.dataset.tips.split("\n").map((line) => {
      const end = line.indexOf("% ");
      return [Number(line.slice(0, end)), line.slice(end + 2)];
    });
    const cursor = part("line", { class: "cursor", y1: 0, y2: "100%", visibility: "hidden" });
    plot.append(cursor);
    let at = tips.length - 1;
    const box = () => {
      const style = getComputedStyle(plot), all = plot.getBoundingClientRect();
      const left = all.left + parseFloat(style.paddingLeft);
      return { left, top: all.top, width: all.right - parseFloat(style.paddingRight) - left };
    };
    const show = (place) => {
      at = Math.max(0, Math.min(tips.length - 1, place));
      const { left, top, width } = box(), [share, text] = tips[at];
      for (const end of ["x1", "x2"]) cursor.setAttribute(end, `${share}%`);
      cursor.setAttribute("visibility", "visible");
      tip.textContent = text;
      tip.hidden = false;
      const x = left + (width * share) / 100 + 12;
      const most = document.documentElement.clientWidth - tip.offsetWidth - 8;
      tip.style.left = `${scrollX + Math.max(8, Math.min(x, most))}px`;
      tip.style.top = `${scrollY + top - tip.offsetHeight + 4}px`;
    };
    const hide = () => {
      tip.hidden = true;
      cursor.setAttribute("visibility", "hidden");
    };
    const nearest = (share) => tips.reduce((best, own, i) => Math.abs(own[0] - share) < Math.abs(tips[best][0] - share) ? i : best, 0);
    plot.tabIndex = 0;
    plot.addEventListener("pointermove", (event) => {
      const { left, width } = box();
      show(nearest((100 * (event.clientX - left)) / width));
    });
    plot.addEventListener("pointerleave", hide);
    plot.addEventListener("focus", () => { if (plot.matches(":focus-visible")) show(at); });
    plot.addEventListener("blur", hide);
    plot.addEventListener("keydown", (event) => {
      const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: tips.length - 1 }[event.key];
      if (event.key === "Escape") hide();
      if (to === undefined) return;
      event.preventDefault();
      show(to);
    });
  };
  document.querySelectorAll("svg.plot[data-tips]").forEach(told);

  // What is folded opens for a link into it, and on paper; but not the longest table.
  const reveal = () => {
    const target = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    for (let at = target && target.closest("details"); at; at = at.parentElement.closest("details")) at.open = true;
    if (target) target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  reveal();
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open])")].filter((own) => !own.querySelector("#findings"));
    for (const own of opened) own.open = true;
  });
  addEventListener("afterprint", () => { for (const own of opened) own.open = false; });

  // The table.
  const MOST = 300;
  const table = document.getElementById("findings");
  if (!table) return;
  const body = table.tBodies[0];
  const rows = [...body.rows];
  let words = null;
  const text = document.getElementById("filter");
  const verdict = document.getElementById("verdict");
  const count = document.getElementById("count");
  const more = document.getElementById("more");
  let most = MOST;
  const show = () => {
    const wanted = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    if (wanted.length) words ??= new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
    let matching = 0;
    for (const row of body.rows) {
      const fits = wanted.every((word) => words.get(row).includes(word)) &&
        (!verdict?.value || row.dataset.verdict === verdict.value);
      if (fits) matching += 1;
      row.hidden = !fits || matching > most;
    }
    count.textContent = matching === rows.length && matching <= most ? `${matching} rows`
      : `${Math.min(matching, most)} of ${matching} shown, ${rows.length} in all`;
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
    const sorted = rows.map((row) => [value(row), row]).sort(([a], [b]) => {
      if (!known(a) || !known(b)) return known(b) - known(a);
      const order = typeof a === "string" ? a.localeCompare(b) : a - b;
      return descending ? -order : order;
    });
    body.append(...sorted.map(([, row]) => row));
    show();
  };
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    head.querySelector("button")?.addEventListener("click", () => sort(column, head));
  });
  text.addEventListener("input", () => { most = MOST; show(); });
  verdict?.addEventListener("change", () => { most = MOST; show(); });
  more.addEventListener("click", () => { most += 10 * MOST; show(); });
  show();
})();
