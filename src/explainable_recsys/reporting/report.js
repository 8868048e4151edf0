// Draw a figure from the data beside it once it can be seen.
const byTouch = matchMedia("(pointer: coarse)").matches;
function draw(within) {
  for (const data of within.querySelectorAll("script[data-for]:not([data-drawn])")) {
    data.dataset.drawn = "";
    const figure = JSON.parse(data.textContent);
    // On a touch screen a finger on a figure scrolls the page.
    if (byTouch) figure.layout.dragmode = false;
    Plotly.newPlot(data.dataset.for, figure.data, figure.layout, {
      responsive: true,
      displaylogo: false,
      displayModeBar: false,
      plotlyServerURL: "",
    });
  }
}
for (const details of document.querySelectorAll(".topic"))
  details.addEventListener("toggle", () => details.open && draw(details));

// Nothing is folded away on paper but what other people are recommended.
const opened = [];
addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll(".topic:not([open]), .topic details:not([open])")) {
    details.open = true;
    opened.push(details);
  }
  draw(document);
  for (const figure of document.querySelectorAll(".js-plotly-plot")) Plotly.Plots.resize(figure);
});
addEventListener("afterprint", () => {
  for (const details of opened.splice(0)) details.open = false;
});

// Tables are sorted by a click on a heading, within their groups of rows, and saved as CSV.
function text(cell) {
  const copy = cell.cloneNode(true);
  for (const part of copy.querySelectorAll(".heard, .dot, .title, :scope > small")) part.remove();
  return copy.textContent.trim().replace(/\s+/g, " ").replaceAll("\u2212", "-");
}
function number(words) {
  const found = words.replaceAll(",", "").match(/^[<= ]*(-?\d+(\.\d+)?(e-?\d+)?)/);
  return found ? Number(found[1]) : NaN;
}
function compare(one, two) {
  const [a, b] = [number(one), number(two)];
  if (isNaN(a) !== isNaN(b)) return isNaN(a) ? 1 : -1;
  return isNaN(a) ? one.localeCompare(two) : b - a;
}
function sort(table, heads, column) {
  const back = heads[column].ariaSort === "descending" ? -1 : 1;
  for (const head of heads) head.ariaSort = null;
  heads[column].ariaSort = back < 0 ? "ascending" : "descending";
  for (const body of table.tBodies) {
    const rows = [...body.rows].filter((row) => row.className !== "heading");
    const of = (row) => (row.cells[column] ? text(row.cells[column]) : "");
    rows.sort((a, b) => back * compare(of(a), of(b)));
    body.append(...rows);
  }
}
function csv(table, heads) {
  const groups = [...table.querySelectorAll("thead [scope=colgroup]")];
  const above = ["", ...groups.flatMap((group) => Array(group.colSpan).fill(text(group) + ": "))];
  const lines = [heads.map((head, place) => (above[place] ?? "") + text(head))];
  const isGrouped = table.querySelector("tbody .heading") !== null;
  if (isGrouped) lines[0].unshift("");
  for (const body of table.tBodies) {
    const name = body.querySelector(".heading");
    for (const row of body.rows)
      if (row !== name) lines.push([...(isGrouped ? [name ? text(name) : ""] : []), ...[...row.cells].map(text)]);
  }
  return lines.map((line) => line.map((value) => `"${value.replaceAll('"', '""')}"`).join(",")).join("\r\n");
}
for (const table of document.querySelectorAll("table")) {
  const heads = [...table.querySelectorAll("thead [scope=col]")];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => sort(table, heads, column));
  });
  const save = document.createElement("button");
  save.className = "csv";
  save.textContent = `${table.caption.textContent.trim()} ${document.body.dataset.csv}`;
  save.addEventListener("click", () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob(["\ufeff", csv(table, heads)], { type: "text/csv" }));
    link.download = `${table.caption.textContent.trim().replace(/\W+/g, "-")}.csv`;
    link.click();
    URL.revokeObjectURL(link.href);
  });
  table.parentElement.after(save);
}
