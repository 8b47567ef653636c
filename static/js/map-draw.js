// Marks of the map: shape and colour together tell the layer, so that neither has to do it alone.

/* global L */

const SIZE_FAR_PX = 4;
const SIZE_NEAR_PX = 7;
const ZOOM_NEAR = 13;

// Corner points around (0, 0); a circle is drawn by arc.
const CORNERS = {
  square: [[-1, -1], [1, -1], [1, 1], [-1, 1]],
  triangle: [[0, -1.2], [1.15, 0.9], [-1.15, 0.9]],
  diamond: [[0, -1.35], [1.2, 0], [0, 1.35], [-1.2, 0]],
};

/** A canvas marker class that draws its shape; made once Leaflet is there. */
export function shapeMarkers() {
  return L.CircleMarker.extend({
    _updatePath() {
      const renderer = this._renderer;
      const corners = CORNERS[this.options.shape];
      if (!corners) {
        renderer._updateCircle(this);
        return;
      }
      if (!renderer._drawing || this._empty()) {
        return;
      }
      const context = renderer._ctx;
      const { x, y } = this._point;
      const r = this._radius;
      context.beginPath();
      corners.forEach(([dx, dy], index) => {
        context[index ? "lineTo" : "moveTo"](x + dx * r, y + dy * r);
      });
      context.closePath();
      renderer._fillStroke(context, this);
    },
  });
}

/** Small marks over the whole city, so that they do not hide each other; larger ones from near. */
export function sizeAt(zoom) {
  return zoom >= ZOOM_NEAR ? SIZE_NEAR_PX : SIZE_FAR_PX;
}

/** `ink` holds the theme's colours {strong, soft}: a canvas does not read style sheets. */
export function markOptions(layer, zoom, ink) {
  return layer.shape === "outline"
    ? { shape: "outline", radius: 11, color: ink.soft, weight: 2, fill: true, fillOpacity: 0.08, fillColor: ink.soft }
    : { shape: layer.shape, radius: sizeAt(zoom), color: ink.strong, weight: 1, fill: true, fillOpacity: 0.92, fillColor: layer.colour };
}

/** The same mark as a small drawing for the legend. */
export function legendMark(layer) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "map-mark");
  svg.setAttribute("viewBox", "-8 -8 16 16");
  svg.setAttribute("aria-hidden", "true");
  const corners = CORNERS[layer.shape];
  const mark = document.createElementNS(svg.namespaceURI, corners ? "polygon" : "circle");
  if (corners) {
    mark.setAttribute("points", corners.map(([x, y]) => `${x * 5},${y * 5}`).join(" "));
  } else {
    mark.setAttribute("r", "5.5");
  }
  if (layer.shape === "outline") {
    mark.setAttribute("fill", "none");
    mark.setAttribute("class", "ring");
  } else {
    mark.setAttribute("fill", layer.colour);
  }
  svg.append(mark);
  return svg;
}

/** Hides the labels that would lie on one already shown; earlier labels win. */
export function declutter(labels) {
  const shown = [];
  for (const label of labels) {
    label.style.visibility = "";
    const box = label.getBoundingClientRect();
    const hit = shown.some((other) => box.left < other.right && box.right > other.left && box.top < other.bottom && box.bottom > other.top);
    if (hit) {
      label.style.visibility = "hidden";
    } else {
      shown.push(box);
    }
  }
}
