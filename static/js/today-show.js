// Puts over the page what is still on the phone: each card shows its steps with where they are, and the state that they lead to.

const NEXT = {
  depart: { assigned: "on_the_way" },
  arrive: { assigned: "arrived", on_the_way: "arrived" },
  finish: { arrived: "done" },
  fail: { assigned: "not_done", on_the_way: "not_done", arrived: "not_done" },
};
const ICONS = { saved: "clock", sending: "refresh-cw", uploaded: "circle-dot", accepted: "circle-check" };

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `/static/icons.svg#${name}`);
  svg.append(use);
  return svg;
}

function element(name, text, className = "") {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}

/** `14:05` on the city's clocks. */
function clock(root, iso) {
  const parts = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: root.dataset.zone };
  return new Intl.DateTimeFormat("en-GB", parts).format(new Date(iso));
}

function line(root, words, step) {
  const item = document.createElement("li");
  item.dataset.local = step.uuid;
  item.dataset.kind = step.kind;
  item.dataset.stepState = step.state;
  const mark = element("span", "", "today-mark");
  mark.append(icon(ICONS[step.state]), root.dataset[step.state]);
  item.append(element("span", `${words.kinds[step.kind]} ${clock(root, step.device_at)}`), mark);
  const wrong = words.codes[step.code_found];
  if (wrong) {
    item.append(element("span", wrong, "today-code-note"));
  }
  return item;
}

/** The keys of steps that the office's page shows. */
export function knownKeys(root) {
  return new Set([...root.querySelectorAll("[data-key]")].map((item) => item.dataset.key));
}

/** `steps` wait, `told` were answered, `sending` holds the key of the one under way. */
export function showCards(root, { steps, told, sending }) {
  const words = JSON.parse(root.dataset.words);
  const known = knownKeys(root);
  const local = [
    ...told.filter((one) => one.state !== "refused"),
    ...steps.map((one) => ({ ...one, state: sending.has(one.uuid) ? "sending" : "saved" })),
  ].filter((one) => !known.has(one.uuid));
  for (const card of root.querySelectorAll("[data-visit]")) {
    const own = local.filter((one) => String(one.visit) === card.dataset.visit);
    for (const old of card.querySelectorAll("[data-local]")) {
      old.remove();
    }
    card.querySelector("[data-steps]").append(...own.map((step) => line(root, words, step)));
    showState(card, words, own.reduce((state, step) => NEXT[step.kind]?.[state] ?? state, card.dataset.state));
  }
}

function showState(card, words, state) {
  const chip = card.querySelector("[data-chip]");
  const { name, tone } = words.states[state];
  chip.className = `chip ${tone}`;
  chip.querySelector("use").setAttribute("href", `/static/icons.svg#chip-${tone}`);
  chip.querySelector("span").textContent = name;
  for (const button of card.querySelectorAll("[data-step]")) {
    button.disabled = NEXT[button.dataset.step][state] === undefined;
  }
}

/** What the office refused, in its words, until somebody has read it. */
export function showRefused(root, told, read) {
  const words = JSON.parse(root.dataset.words);
  const list = root.querySelector("[data-refused-list]");
  const refused = told.filter((one) => one.state === "refused");
  const shown = [...list.children].map((item) => item.dataset.refusal).join();
  if (shown === refused.map((one) => one.uuid).join()) {
    return;
  }
  list.replaceChildren(...refused.map((one) => {
    const item = document.createElement("li");
    item.dataset.refusal = one.uuid;
    const what = `${root.dataset.refused}: ${one.elder} ${one.time} · ${words.kinds[one.kind]} ${clock(root, one.device_at)}`;
    const button = element("button", root.dataset.seen, "btn");
    button.type = "button";
    button.addEventListener("click", () => read(one.uuid));
    item.append(element("strong", what), element("p", one.text), button);
    return item;
  }));
}

/** Shows a banner with its text, or hides it. */
export function showBanner(root, name, text) {
  const banner = root.querySelector(`[data-banner="${name}"]`);
  banner.hidden = !text;
  if (text) {
    banner.querySelector("p").textContent = text;
  }
}
