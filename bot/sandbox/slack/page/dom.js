/**
 * Builds DOM nodes. A string always becomes a text node, so external text is never parsed as markup.
 *
 * @typedef {Node | string | number | null | undefined | false} Child
 */

const SVG = "http://www.w3.org/2000/svg";

/**
 * @param {string} tag
 * @param {Record<string, any>} [props] attributes, besides `data` (dataset), `on` (listeners) and
 *   `value`/`checked`/`disabled` (properties); null, undefined and false omit one
 * @param {...(Child | Child[])} children
 * @returns {any} the element; `any` because callers know its type
 */
export function h(tag, props = {}, ...children) {
  return fill(document.createElement(tag), props, children);
}

/** @param {string} tag @param {Record<string, any>} [props] @param {...(Child | Child[])} children */
export function svg(tag, props = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), props, children);
}

const PROPERTIES = new Set(["value", "checked", "disabled", "hidden", "indeterminate"]);

function fill(node, props, children) {
  for (const [name, value] of Object.entries(props)) setProp(node, name, value);
  node.append(...children.flat(Infinity).filter((child) => child || child === 0));
  return node;
}

function setProp(node, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name === "data") {
    for (const [key, item] of Object.entries(value))
      if (item !== undefined && item !== null) node.dataset[key] = item;
  } else if (name === "on") {
    for (const [event, listener] of Object.entries(value))
      if (listener) node.addEventListener(event, listener);
  } else if (PROPERTIES.has(name)) {
    node[name] = value;
  } else {
    node.setAttribute(name, value === true ? "" : value);
  }
}

let last = 0;

/** A document-wide unique id, for label and aria references. */
export function newId(prefix) {
  last += 1;
  return `${prefix}-${last}`;
}

/**
 * Makes `nodes` the children of `parent`, without moving nodes that are already in place:
 * a node that is not moved keeps its focus, caret and scroll position.
 */
export function arrange(parent, nodes) {
  const wanted = new Set(nodes);
  for (const child of [...parent.childNodes]) if (!wanted.has(child)) child.remove();
  nodes.forEach((node, index) => {
    if (parent.childNodes[index] !== node) parent.insertBefore(node, parent.childNodes[index] ?? null);
  });
}

/**
 * Runs `redraw`, then restores the focus to the control that replaced the focused one.
 * Controls are recognized by `data-key`.
 */
export function keepingFocus(container, redraw) {
  const active = /** @type {any} */ (document.activeElement);
  const key = container.contains(active) ? active.dataset?.key : null;
  const caret = key && "selectionStart" in active ? [active.selectionStart, active.selectionEnd] : null;
  redraw();
  if (!key || active.isConnected) return;
  const heir = [...container.querySelectorAll("[data-key]")].find((node) => node.dataset.key === key);
  heir?.focus({ preventScroll: true });
  if (heir && caret && caret[0] !== null && "setSelectionRange" in heir) heir.setSelectionRange(...caret);
}
