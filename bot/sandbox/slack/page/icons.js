/** Line icons, drawn for this page on a 20 by 20 grid. */

import { h, svg } from "./dom.js";

const PATHS = {
  hash: "M7.5 3.5l-1.6 13M14.1 3.5l-1.6 13M3.8 7.3h13M3.2 12.7h13",
  lock: "M5 9.2h10v7.3H5zM7 9V6.8a3 3 0 0 1 6 0V9",
  shared:
    "M10 3.2a6.8 6.8 0 1 0 0 13.6a6.8 6.8 0 1 0 0-13.6zM3.4 10h13.2M10 3.2c2.4 2 2.6 11 0 13.6M10 3.2c-2.4 2-2.6 11 0 13.6",
  menu: "M3.5 5.5h13M3.5 10h13M3.5 14.5h13",
  close: "M5 5l10 10M15 5L5 15",
  chevron: "M5.5 8l4.5 4.5L14.5 8",
  search: "M9 3.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 1 0 0-11zM13.2 13.2l3.6 3.6",
  send: "M3.5 10L16.5 4l-4 12.5-3-5zM9.5 11.5l7-7.5",
  eye: "M2.5 10c2-3.4 4.5-5 7.5-5s5.5 1.6 7.5 5c-2 3.4-4.5 5-7.5 5s-5.5-1.6-7.5-5zM10 7.8a2.2 2.2 0 1 0 0 4.4a2.2 2.2 0 1 0 0-4.4z",
  moon: "M15.8 12.2A6.5 6.5 0 0 1 7.8 4.2a6.5 6.5 0 1 0 8 8z",
  sun: "M10 6.7a3.3 3.3 0 1 0 0 6.6a3.3 3.3 0 1 0 0-6.6zM10 2.3v1.7M10 16v1.7M2.3 10H4M16 10h1.7M4.6 4.6l1.2 1.2M14.2 14.2l1.2 1.2M15.4 4.6l-1.2 1.2M5.8 14.2l-1.2 1.2",
  payloads: "M7.3 5L3 10l4.3 5M12.7 5L17 10l-4.3 5",
  people:
    "M7.5 4.5a2.7 2.7 0 1 0 0 5.4a2.7 2.7 0 1 0 0-5.4zM2.5 16c.3-2.9 2.2-4.3 5-4.3s4.7 1.4 5 4.3M12.8 4.8a2.6 2.6 0 0 1 0 4.9M14.3 12c1.8.5 2.9 1.8 3.2 4",
  person: "M10 4a3 3 0 1 0 0 6a3 3 0 1 0 0-6zM4 16.5c.4-3.2 2.7-4.7 6-4.7s5.6 1.5 6 4.7",
  phone: "M6.5 2.8h7v14.4h-7zM9 14.8h2",
  plus: "M10 4.5v11M4.5 10h11",
  mail: "M3.5 5.5h13v9.5h-13zM3.8 6l6.2 5 6.2-5",
  check: "M4.5 10.5l3.7 3.7L15.5 6.3",
  more: "M4.5 10h.01M10 10h.01M15.5 10h.01",
  copy: "M7 7h9v9H7zM4 13V4h9",
  down: "M10 4v12M5 11l5 5 5-5",
  up: "M10 16V4M5 9l5-5 5 5",
  alert: "M10 3.3l7.3 13.2H2.7zM10 8v4M10 14.3v.01",
  info: "M10 3.2a6.8 6.8 0 1 0 0 13.6a6.8 6.8 0 1 0 0-13.6zM10 9v4.5M10 6.5v.01",
  home: "M3.5 9.5L10 4l6.5 5.5M5.5 8.5v7.5h9V8.5",
  play: "M7 5l8 5-8 5z",
  image: "M3.5 4.5h13v11h-13zM3.5 13l4-4 3.5 3.5 2-2 3.5 3.5M12.8 7.5v.01",
  bolt: "M11 2.8L5 11h4.4l-.6 6.2L15 9h-4.4z",
  refresh: "M15.6 7.2A6 6 0 1 0 16 11M15.8 3.6v3.8H12",
  file: "M6 3h5.5L15 6.5V17H6zM11.3 3.2v3.6H15",
  upload: "M10 13.5V4M6 7.7l4-3.9 4 3.9M4 13v3.5h12V13",
  bulb: "M7.5 13.2a4.6 4.6 0 1 1 5 0V15h-5zM8 17.2h4",
  reply: "M4 4.5h12v8.5H9.5L6 16.5V13H4zM7 7.5h6M7 10h4",
  back: "M16 10H4M9 5l-5 5 5 5",
};

/** @typedef {keyof typeof PATHS} IconName */

/** @type {Record<string, IconName>} by kind of channel */
export const CHANNEL_ICONS = {
  public: "hash",
  private: "lock",
  shared: "shared",
  im: "people",
  group: "people",
  pair: "person",
};

/** @param {IconName} name */
export function icon(name) {
  return svg(
    "svg",
    { class: "icon", viewBox: "0 0 20 20", "aria-hidden": "true", "data-icon": name },
    svg("path", { d: PATHS[name] }),
  );
}

/** The app's wheel, in the color of the surrounding text. */
export function wheel() {
  return svg(
    "svg",
    { class: "wheel", viewBox: "0 0 32 32", "aria-hidden": "true" },
    svg("circle", { cx: 16, cy: 16, r: 10 }),
    svg("path", {
      d: "M16 6v6.5M16 19.5V26M6 16h6.5M19.5 16H26M9 9l4.6 4.6M18.4 18.4L23 23M23 9l-4.6 4.6M13.6 18.4L9 23",
    }),
  );
}

/**
 * A button with only an icon.
 * @param {IconName} name @param {string} label what it does, in words @param {(event: MouseEvent) => void} onClick
 * @param {Record<string, any>} [props] more attributes
 */
export function iconButton(name, label, onClick, props = {}) {
  return h(
    "button",
    {
      type: "button",
      class: "bar-button",
      "aria-label": label,
      title: label,
      on: { click: onClick },
      ...props,
    },
    icon(name),
  );
}
