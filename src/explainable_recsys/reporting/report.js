// Draw the figures from the data beside them.
const byTouch = matchMedia("(pointer: coarse)").matches;
for (const data of document.querySelectorAll("script[data-for]")) {
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

// Nothing is folded away on paper.
const opened = [];
addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("details:not([open])")) {
    details.open = true;
    opened.push(details);
  }
  for (const figure of document.querySelectorAll(".js-plotly-plot")) Plotly.Plots.resize(figure);
});
addEventListener("afterprint", () => {
  for (const details of opened.splice(0)) details.open = false;
});
