/** A person's or the app's picture: initials, or the app's wheel, on a color. */

import { h } from "./dom.js";
import { wheel } from "./icons.js";

/** Apps too, but not this one. */
const OTHER_APPS = ["USLACKBOT", "U0HELPDESK"];

/** @param {{id?: string, initials: string, color: string, app?: boolean}} who @param {"" | "small" | "large"} [size] */
export function avatar(who, size = "") {
  const node = h(
    "span",
    { class: `avatar ${size}`, "aria-hidden": "true" },
    who.app && !OTHER_APPS.includes(who.id ?? "") ? wheel() : who.initials,
  );
  node.style.setProperty("--of", /^[0-9a-f]{6}$/i.test(who.color) ? `#${who.color}` : who.color);
  return node;
}

/** The app's picture without a message that has its color. @param {"" | "small" | "large"} [size] */
export const appMark = (size) => avatar({ initials: "", color: "var(--app)", app: true }, size);
