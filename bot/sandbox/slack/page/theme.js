/** Light or dark: from the URL, else the last choice here, else the system's preference. */

import { readAddress, writeAddress } from "./address.js";

const KEY = "sandbox.theme";
const system = matchMedia("(prefers-color-scheme: dark)");

/** @returns {"light" | "dark"} */
export function theme() {
  const chosen = readAddress().theme ?? localStorage.getItem(KEY);
  if (chosen === "light" || chosen === "dark") return chosen;
  return system.matches ? "dark" : "light";
}

/** Applies the theme now, and when the system's preference changes. */
export function applyTheme(onChange = () => {}) {
  const show = () => {
    document.documentElement.dataset.theme = theme();
    onChange();
  };
  system.addEventListener("change", show);
  show();
  return show;
}

export function toggleTheme() {
  const next = theme() === "dark" ? "light" : "dark";
  localStorage.setItem(KEY, next);
  if (readAddress().theme) writeAddress({ theme: next }, { replace: true });
}
