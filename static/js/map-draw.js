// Marks of the map: shape and colour together tell the layer, so that neither has to do it alone.

/* global L */

const SIZE_PX = 6;

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

export function markOptions(layer) {
  return layer.shape === "outline"
    ? { shape: "circle", radius: 11, color: layer.colour, weight: 2, fill: true, fillOpacity: 0.06, fillColor: layer.colour }
    : { shape: layer.shape, radius: SIZE_PX, color: "#1a2027", weight: 1, fill: true, fillOpacity: 0.92, fillColor: layer.colour };
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
    mark.setAttribute("stroke", layer.colour);
    mark.setAttribute("stroke-width", "2");
  } else {
    mark.setAttribute("fill", layer.colour);
  }
  svg.append(mark);
  return svg;
}
