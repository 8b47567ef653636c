// <songhe-map data-src="/map/points.json">: places on a canvas, layers to switch, and the same places as a list.
// data-tiles (same origin, {z}/{x}/{y}) adds a base map; data-refresh="alert device" names live topics that reload the places.
//
// JSON: {"layers":[{"key","label","shape":"circle|square|triangle|diamond|outline","colour":"#0072B2","off":false,
//        "points":[{"lon","lat","label","href","note"}]}]}. `outline` is a labelled ring in
//        the colour of text, for towns.

/* global L */

import { declutter, legendMark, markOptions, shapeMarkers, sizeAt } from "./map-draw.js";

function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) {
    element.className = className;
  }
  if (text !== undefined) {
    element.textContent = text;
  }
  return element;
}

class SongheMap extends HTMLElement {
  connectedCallback() {
    this.hiddenKeys = null;
    this.reload = () => this.load();
    document.body.addEventListener("songhe:theme", this.reload);
    for (const topic of this.topics()) {
      document.body.addEventListener(`songhe:${topic}-changed`, this.reload);
    }
    this.load();
  }

  disconnectedCallback() {
    document.body.removeEventListener("songhe:theme", this.reload);
    for (const topic of this.topics()) {
      document.body.removeEventListener(`songhe:${topic}-changed`, this.reload);
    }
    this.map?.remove();
    this.map = null;
  }

  topics() {
    return (this.dataset.refresh ?? "").split(" ").filter(Boolean);
  }

  async load() {
    try {
      const answer = await fetch(this.dataset.src, { headers: { accept: "application/json" } });
      if (!answer.ok) {
        throw new Error(`status ${answer.status}`);
      }
      this.show((await answer.json()).layers);
    } catch {
      // A map that already shows places keeps them; the link-lost banner tells that they may be old.
      if (!this.map) {
        this.showFailure();
      }
    }
  }

  showFailure() {
    const box = make("div", "card problem");
    box.setAttribute("role", "alert");
    const again = make("button", "btn", this.dataset.textRetry);
    again.type = "button";
    again.addEventListener("click", () => this.load());
    box.append(make("p", "", this.dataset.textFailed), again);
    this.replaceChildren(box);
  }

  show(layers) {
    if (!layers.some((layer) => layer.points.length)) {
      this.map?.remove();
      this.map = null;
      this.replaceChildren(make("p", "card card-body muted", this.dataset.textEmpty));
      return;
    }
    this.hiddenKeys ??= new Set(layers.filter((layer) => layer.off).map((layer) => layer.key));
    if (!this.map) {
      this.build(layers);
    }
    this.drawLayers(layers);
    this.legendBox.replaceChildren(this.legend(layers));
    this.listBox.replaceChildren(...layers.filter((layer) => layer.points.length).map((layer) => this.list(layer)));
  }

  build(layers) {
    const wrap = make("div", "map-wrap");
    const canvas = make("div", "map-canvas");
    canvas.setAttribute("role", "region");
    canvas.setAttribute("aria-label", this.dataset.textMap);
    this.legendBox = make("div", "map-legend");
    this.listBox = make("div");
    const lists = make("section", "card map-lists");
    const head = make("div", "card-head");
    head.append(make("h2", "", this.dataset.textList));
    lists.append(head, this.listBox);
    wrap.append(canvas, this.legendBox);
    this.replaceChildren(wrap, lists);
    this.map = L.map(canvas, { preferCanvas: true, zoomControl: false, attributionControl: false, minZoom: 8, maxZoom: 18, zoomSnap: 0.25 });
    L.control.zoom({ zoomInTitle: this.dataset.textZoomIn, zoomOutTitle: this.dataset.textZoomOut }).addTo(this.map);
    L.control.scale({ imperial: false }).addTo(this.map);
    if (this.dataset.tiles) {
      L.control.attribution({ prefix: false }).addTo(this.map);
      L.tileLayer(this.dataset.tiles, { maxZoom: 18, attribution: this.dataset.attribution ?? "" }).addTo(this.map);
    }
    this.Mark = shapeMarkers();
    const everything = layers.flatMap((layer) => layer.points.map((point) => [point.lat, point.lon]));
    this.map.fitBounds(L.latLngBounds(everything), { padding: [24, 24], maxZoom: 15, animate: false });
    this.map.on("zoomend", () => this.afterZoom());
  }

  afterZoom() {
    for (const group of this.groups.values()) {
      group.eachLayer((mark) => {
        if (mark.options.shape !== "outline") {
          mark.setRadius(sizeAt(this.map.getZoom()));
        }
      });
    }
    this.tidyLabels();
  }

  tidyLabels() {
    requestAnimationFrame(() => declutter(this.querySelectorAll(".map-label")));
  }

  drawLayers(layers) {
    for (const group of this.groups?.values() ?? []) {
      group.remove();
    }
    this.groups = new Map(layers.map((layer) => [layer.key, this.group(layer)]));
    for (const [key, group] of this.groups) {
      if (!this.hiddenKeys.has(key)) {
        group.addTo(this.map);
      }
    }
    this.tidyLabels();
  }

  group(layer) {
    const marks = layer.points.map((point) => {
      const mark = new this.Mark([point.lat, point.lon], markOptions(layer, this.map.getZoom(), this.ink()));
      if (layer.shape === "outline") {
        // An element, not a string: Leaflet would read a string as HTML.
        mark.bindTooltip(make("span", "", point.label), {
          permanent: true, direction: "bottom", offset: [0, 6], className: "map-label", interactive: false,
        });
      }
      mark.bindPopup(() => this.popup(point));
      return mark;
    });
    return L.layerGroup(marks);
  }

  popup(point) {
    const box = make("div");
    box.append(make("strong", "", point.label));
    if (point.note) {
      box.append(make("p", "", point.note));
    }
    if (point.href) {
      const link = make("a", "", this.dataset.textOpen);
      link.href = point.href;
      const line = make("p");
      line.append(link);
      box.append(line);
    }
    return box;
  }

  legend(layers) {
    const set = make("fieldset");
    set.append(make("legend", "", this.dataset.textLayers));
    for (const layer of layers) {
      const label = make("label", "check");
      const box = make("input");
      box.type = "checkbox";
      box.checked = !this.hiddenKeys.has(layer.key);
      box.addEventListener("change", () => this.toggle(layer.key, box.checked));
      label.append(box, legendMark(layer), make("span", "", layer.label), make("small", "", String(layer.points.length)));
      set.append(label);
    }
    return set;
  }

  ink() {
    const style = getComputedStyle(this);
    return { strong: style.getPropertyValue("--text"), soft: style.getPropertyValue("--text-2") };
  }

  toggle(key, on) {
    if (on) {
      this.hiddenKeys.delete(key);
      this.groups.get(key).addTo(this.map);
      this.tidyLabels();
    } else {
      this.hiddenKeys.add(key);
      this.groups.get(key).remove();
    }
  }

  list(layer) {
    const details = make("details", "map-list");
    const summary = make("summary", "", `${layer.label} (${layer.points.length})`);
    details.append(summary);
    // Thousands of entries are only made when somebody opens the list.
    details.addEventListener("toggle", () => {
      const items = make("ul");
      items.append(...layer.points.map(listItem));
      details.append(items);
    }, { once: true });
    return details;
  }
}

function listItem(point) {
  const item = make("li");
  const name = make(point.href ? "a" : "span", "", point.label);
  if (point.href) {
    name.href = point.href;
  }
  item.append(name);
  if (point.note) {
    item.append(" ", make("small", "", point.note));
  }
  return item;
}

customElements.define("songhe-map", SongheMap);
