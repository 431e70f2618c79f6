/** The markdown block: the everyday part of standard Markdown, read line by line. */

import { h } from "../dom.js";
import { emojiNode, link } from "../mrkdwn.js";

/** One rule per kind of line; the first whose `starts` fits takes as many lines as it wants. */
const RULES = [
  { starts: /^```/, take: fence },
  { starts: /^#{1,6}\s/, take: (lines) => [heading(lines[0]), 1] },
  { starts: /^\s*([-*_])(\s*\1){2,}\s*$/, take: () => [h("hr"), 1] },
  { starts: /^>/, take: quote },
  { starts: /^\s*[-*+]\s/, take: (lines) => list(lines, "ul", /^\s*[-*+]\s+/) },
  { starts: /^\s*\d+[.)]\s/, take: (lines) => list(lines, "ol", /^\s*\d+[.)]\s+/) },
  { starts: /^\s*\|.*\|\s*$/, take: table },
];

/** @param {{text: string}} block */
export function markdown(block) {
  return h("div", { class: "markdown text", dir: "auto" }, blocksOf(block.text.split("\n")));
}

function blocksOf(lines) {
  const out = [];
  while (lines.length) {
    if (!lines[0].trim()) {
      lines = lines.slice(1);
      continue;
    }
    const rule = RULES.find(({ starts }) => starts.test(lines[0]));
    const [node, used] = rule ? rule.take(lines) : paragraph(lines);
    out.push(node);
    lines = lines.slice(used);
  }
  return out;
}

/** How many lines from the start satisfy the test. */
function runLength(lines, test) {
  const end = lines.findIndex((line) => !test(line));
  return end < 0 ? lines.length : end;
}

function paragraph(lines) {
  const used = Math.max(
    1,
    runLength(lines, (line) => line.trim() && !RULES.some(({ starts }) => starts.test(line))),
  );
  return [h("p", {}, inline(lines.slice(0, used).join("\n"))), used];
}

function fence(lines) {
  const end = lines.slice(1).findIndex((line) => line.startsWith("```"));
  const body = end < 0 ? lines.slice(1) : lines.slice(1, end + 1);
  return [h("pre", { class: "code-block" }, h("code", {}, body.join("\n"))), body.length + (end < 0 ? 1 : 2)];
}

function heading(line) {
  const [, marks, text] = /^(#+)\s+(.*?)\s*#*$/.exec(line) ?? ["", "#", line];
  return h(marks.length === 1 ? "h3" : "h4", {}, inline(text));
}

function quote(lines) {
  const used = runLength(lines, (line) => line.startsWith(">"));
  return [
    h(
      "blockquote",
      { class: "run" },
      blocksOf(lines.slice(0, used).map((line) => line.replace(/^>\s?/, ""))),
    ),
    used,
  ];
}

function list(lines, tag, mark) {
  const used = runLength(lines, (line) => mark.test(line));
  return [
    h(
      tag,
      {},
      lines.slice(0, used).map((line) => item(line.replace(mark, ""))),
    ),
    used,
  ];
}

function item(text) {
  const [, box, rest] = /^\[([ xX])\]\s+(.*)$/.exec(text) ?? [];
  return h("li", {}, box === undefined ? inline(text) : [box === " " ? "☐ " : "☑ ", ...inline(rest)]);
}

function table(lines) {
  const used = runLength(lines, (line) => /^\s*\|.*\|\s*$/.test(line));
  const rows = lines.slice(0, used).map((line) =>
    line
      .trim()
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim()),
  );
  const body = rows.filter((cells) => !cells.every((cell) => /^:?-+:?$/.test(cell)));
  const [head, ...rest] = body.map((cells, row) =>
    h(
      "tr",
      {},
      cells.map((cell) => h(row ? "td" : "th", {}, inline(cell))),
    ),
  );
  return [
    h("div", { class: "table" }, h("table", {}, h("thead", {}, head ?? null), h("tbody", {}, rest))),
    used,
  ];
}

const TOKEN =
  /`([^`\n]+)`|\[([^\]\n]+)\]\(([^)\s]+)\)|\*\*(\S(?:[^*\n]*[^*\s])?)\*\*|~~(\S(?:[^~\n]*[^~\s])?)~~|(?<![\w*])[*_](\S(?:[^*_\n]*[^*_\s])?)[*_](?![\w*])|(:[a-z0-9_+'-]+:)|(https?:\/\/[^\s<>]*[^\s<>.,;:!?)])/g;

function inline(text) {
  const out = [];
  let end = 0;
  for (const match of text.matchAll(TOKEN)) {
    out.push(text.slice(end, match.index), token(match));
    end = match.index + match[0].length;
  }
  return [...out, text.slice(end)];
}

function token([whole, code, label, address, bold, strike, italic, shortcode, url]) {
  if (code !== undefined) return h("code", {}, code);
  if (label !== undefined) return link(address, inline(label)) ?? whole;
  if (bold !== undefined) return h("strong", {}, inline(bold));
  if (strike !== undefined) return h("s", {}, inline(strike));
  if (italic !== undefined) return h("em", {}, inline(italic));
  if (shortcode !== undefined) return emojiNode(shortcode) ?? shortcode;
  return link(url, [url]) ?? whole;
}
