// Where the phone is, asked once for a step. It never keeps a step from being recorded.

const FIX_MS = 8000;
/** Also over a question that nobody answers. */
export const PLACE_MAX_MS = 10000;
const WHY = { 1: "denied", 2: "unavailable", 3: "timeout" };

/** {position} or {no_position}. */
export function takePlace() {
  if (!navigator.geolocation) {
    return Promise.resolve({ no_position: "unsupported" });
  }
  return new Promise((resolve) => {
    setTimeout(() => resolve({ no_position: "timeout" }), PLACE_MAX_MS);
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => resolve({
        position: {
          longitude: coords.longitude,
          latitude: coords.latitude,
          accuracy_m: Math.min(Math.max(coords.accuracy, 0), 100000),
        },
      }),
      (error) => resolve({ no_position: WHY[error.code] ?? "unavailable" }),
      { enableHighAccuracy: true, timeout: FIX_MS, maximumAge: 0 },
    );
  });
}
