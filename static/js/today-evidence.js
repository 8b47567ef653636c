// What may be added to a step: a photo made small, a code read from a picture, a signature as a path.

const SIDE_MAX = 1280;
const QUALITIES = [0.7, 0.5, 0.35, 0.2];
const BYTES_MAX = 400000;
const PATH_MAX = 60000;
/** Between two points of a signature, in its own 600 x 300. */
const STROKE_MIN = 3;

/** The picture as a small JPEG: {base64, url}; rejects what is no picture. */
export async function shrink(file) {
  const picture = await createImageBitmap(file);
  const scale = Math.min(1, SIDE_MAX / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  for (const quality of QUALITIES) {
    const url = canvas.toDataURL("image/jpeg", quality);
    const base64 = url.slice(url.indexOf(",") + 1);
    if (base64.length * 0.75 <= BYTES_MAX) {
      return { base64, url };
    }
  }
  throw new Error("too large");
}

export const canScan = "BarcodeDetector" in globalThis;

/** The number of the card at a door in what its code says, or nothing: an address that ends in it, or the digits alone. */
export function cardIn(text) {
  return /(?:\/card\/|^\s*)(\d{8}|\d{6})\s*$/.exec(text)?.[1];
}

/** The same in a picture. */
export async function scan(file) {
  const found = await new globalThis.BarcodeDetector().detect(await createImageBitmap(file));
  return found.map((code) => cardIn(code.rawValue)).find(Boolean);
}

/** Lets somebody write on a canvas; gives {path, clear}. */
export function writeOn(canvas) {
  const context = canvas.getContext("2d");
  let path = "";
  let last = null;

  function place(event) {
    const box = canvas.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * canvas.width;
    const y = ((event.clientY - box.top) / box.height) * canvas.height;
    return [Math.round(Math.min(Math.max(x, 0), canvas.width)), Math.round(Math.min(Math.max(y, 0), canvas.height))];
  }

  function draw(event) {
    const [x, y] = place(event);
    if (!last || path.length > PATH_MAX || Math.hypot(x - last[0], y - last[1]) < STROKE_MIN) {
      return;
    }
    path += `L${x} ${y}`;
    context.beginPath();
    context.moveTo(...last);
    context.lineTo(x, y);
    context.stroke();
    last = [x, y];
  }

  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    last = place(event);
    path += `M${last[0]} ${last[1]}`;
  });
  canvas.addEventListener("pointermove", draw);
  for (const end of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(end, () => {
      last = null;
    });
  }

  function clear() {
    path = "";
    last = null;
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.lineWidth = 3;
    context.lineCap = "round";
    context.strokeStyle = "#111";
  }
  clear();
  // A touch that draws no line is no signature.
  return { path: () => (path.includes("L") ? path : ""), clear };
}
