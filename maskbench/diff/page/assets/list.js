// The list: filters, order, cards, and which image is chosen.
const data = JSON.parse(document.getElementById("data").textContent);
const filters = { class: byId("by-class"), cause: byId("by-cause"), annotator: byId("by-annotator"), split: byId("by-split") };
const state = { shown: [], chosen: null };

function options(select, word, entries) {
  select.append(make("option", { value: "" }, word));
  for (const [value, text] of entries) select.append(make("option", { value }, text));
  select.disabled = entries.length === 0;
}

function fillFilters() {
  const seen = (values) => [...new Set(values)].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  const classes = new Set(data.items.flatMap((item) => item.touched));
  options(filters.class, "all", data.classes.filter((c) => classes.has(c.name)).map((c) => [c.name, c.name]));
  const kinds = new Set(data.items.flatMap((item) => item.causes.map((cause) => cause[0])));
  const causes = Object.keys(data.causes).filter((kind) => kinds.has(kind)).map((kind) => [kind, data.causes[kind]]);
  for (const status of ["added", "removed"]) {
    if (data.items.some((item) => item.status === status)) causes.push([status, `image ${status}`]);
  }
  if (data.items.some((item) => item.moved)) causes.push(["moved", "moved between splits"]);
  options(filters.cause, "all", causes);
  options(filters.annotator, "all", seen(data.items.map((item) => item.annotator).filter(Boolean)).map((who) => [who, `user ${who}`]));
  options(filters.split, "all", seen(data.items.map((item) => item.split)).map((split) => [split, split]));
}

function fits(item) {
  const cause = filters.cause.value;
  return (!filters.class.value || item.touched.includes(filters.class.value))
    && (!cause || item.status === cause || (cause === "moved" && item.moved) || item.causes.some((entry) => entry[0] === cause))
    && (!filters.annotator.value || item.annotator === filters.annotator.value)
    && (!filters.split.value || item.split === filters.split.value)
    && item.key.toLowerCase().includes(byId("find").value.trim().toLowerCase());
}

const orders = {
  worst: (a, b) => (a.n < b.n ? -1 : 1),
  pixels: (a, b) => (b.changed || 0) - (a.changed || 0),
  key: (a, b) => a.key.localeCompare(b.key, "en", { numeric: true }),
};

function badges(item) {
  const found = [];
  if (item.status !== "changed") found.push([item.status, ""]);
  for (const kind of new Set(item.causes.map((cause) => cause[0]))) {
    const names = item.causes.filter((cause) => cause[0] === kind).map((cause) => cause[1]);
    const alarm = kind === "unexplained";
    found.push([alarm ? "NO CAUSE" : kind === "rule" ? `rule ${names[0]}` : kind.replace("_", " "), alarm ? " alarm" : ""]);
  }
  if (item.moved) found.push(["moved split", " alarm"]);
  return make("span", { class: "badges" }, ...found.map(([text, kind]) => make("span", { class: `badge${kind}` }, text)));
}

function card(item) {
  const changed = item.status === "changed";
  const width = changed ? Math.max(1, 100 * Math.sqrt(item.share)) : 0;
  return make("li", {}, make("button", { type: "button", class: "card", "data-key": item.key, tabindex: "-1", on: { click: () => choose(item) } },
    make("img", { class: "thumb", src: `images/${item.n}-thumbnail.jpg`, alt: "", loading: "lazy", decoding: "async", width: 96, height: 70 }),
    make("span", {},
      make("span", { class: "key" }, item.key),
      changed ? make("span", { class: "bar" }, bar(width)) : null,
      make("span", { class: "numbers" }, changed ? `${percent(item.share)} · ${count(item.changed)} px` : item.split),
      badges(item))));
}

function bar(width) {
  const inner = make("i");
  inner.style.width = `${width}%`;
  return inner;
}

function fillList() {
  state.shown = data.items.filter(fits).sort(orders[byId("order").value]);
  const list = byId("list");
  list.replaceChildren(...state.shown.map(card));
  const left = data.left_out ? `; ${count(data.left_out)} more are not in this page (--most)` : "";
  byId("count").textContent = `${count(state.shown.length)} of ${count(data.items.length)} images${left}`;
  if (!state.shown.includes(state.chosen)) state.chosen = null;
  mark();
}

// One card is in the tab order; arrows move between cards.
function mark() {
  const cards = [...byId("list").querySelectorAll(".card")];
  const current = cards.findIndex((entry) => state.chosen && entry.dataset.key === state.chosen.key);
  cards.forEach((entry, i) => {
    entry.setAttribute("aria-current", i === current ? "true" : "false");
    entry.tabIndex = i === Math.max(current, 0) ? 0 : -1;
  });
  if (current >= 0) cards[current].scrollIntoView({ block: "nearest" });
  byId("place").textContent = current >= 0 ? `${count(current + 1)} / ${count(cards.length)}` : "";
}

function choose(item) {
  state.chosen = item;
  byId("viewer").hidden = false;
  byId("summary").hidden = true;
  byId("summary-button").setAttribute("aria-pressed", "false");
  mark();
  show(item);
  try { history.replaceState(null, "", `#${encodeURIComponent(item.key)}`); } catch { /* some browsers refuse on files */ }
}

function summary() {
  byId("viewer").hidden = true;
  byId("summary").hidden = false;
  byId("summary-button").setAttribute("aria-pressed", "true");
}

function step(by) {
  if (!state.shown.length) return;
  const here = state.shown.indexOf(state.chosen);
  const next = here < 0 ? 0 : Math.min(Math.max(here + by, 0), state.shown.length - 1);
  choose(state.shown[next]);
  if (document.activeElement && document.activeElement.classList.contains("card")) {
    byId("list").querySelector('[aria-current="true"]').focus();
  }
}
