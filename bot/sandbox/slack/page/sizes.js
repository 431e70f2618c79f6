/** File sizes as text. */

const UNITS = ["bytes", "KB", "MB", "GB"];

/** @param {number} bytes @returns {string} "812 bytes", "1.5 MB" */
export function sizeOf(bytes) {
  let unit = 0;
  let number = bytes;
  while (number >= 1024 && unit < UNITS.length - 1) {
    number /= 1024;
    unit += 1;
  }
  if (unit === 0) return bytes === 1 ? "1 byte" : `${bytes} bytes`;
  return `${number < 10 ? number.toFixed(1).replace(/\.0$/, "") : Math.round(number)} ${UNITS[unit]}`;
}
