/** Starts the page: creates the components, connects them, follows the URL. */

import { FIRST, readAddress, writeAddress } from "./address.js";
import { Composer } from "./composer.js";
import { Connection } from "./connection.js";
import { DetailsPane } from "./details.js";
import { DirectMessageAlert } from "./dm-alert.js";
import { h } from "./dom.js";
import { loadEmoji } from "./emoji.js";
import { Extras } from "./extras.js";
import { AppHome } from "./home.js";
import { Inspector } from "./inspector.js";
import { Modal } from "./modal.js";
import { Notices } from "./notices.js";
import { readPermalink } from "./permalinks.js";
import { Sidebar } from "./sidebar.js";
import { Store } from "./state.js";
import { Switcher } from "./switcher.js";
import { parentOf, ThreadPane } from "./threads.js";
import { Timeline } from "./timeline.js";
import { Tips } from "./tips.js";
import { Topbar } from "./topbar.js";
import { WhatsApp } from "./whatsapp.js";

const NARROW = matchMedia("(max-width: 720px)");
const NOTICE_WAIT_MS = 150;
const find = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

const store = new Store();
store.tab = readAddress().tab;
let lastTab = /** @type {"home" | "messages"} */ ("home");
const notices = new Notices(store, { banner: find("banner"), live: find("live") });
const extras = new Extras(store);
const page = { store, notices, extras, openChannel, openThread, showMessage };

const timeline = new Timeline(find("timeline"), page);
const composer = new Composer(find("composer"), page);
const thread = new ThreadPane(find("thread"), page, { close: closeThread });
new DetailsPane(find("details"), page, { close: closePane });
new AppHome({ tabs: find("tabs"), home: find("home") }, page, { openTab });
const switcher = new Switcher(page);
const sidebar = new Sidebar(find("sidebar"), page, { become, jump: () => switcher.open() });
const topbar = new Topbar(find("topbar"), store, {
  toggleSidebar,
  toggleInspector: () => showInspector(!inspector.isOpen),
});
const inspector = new Inspector(find("inspector"), store, { close: () => showInspector(false) });
new Modal(page);
new DirectMessageAlert(page);
extras.follow(() =>
  document.body.classList.toggle("message-shortcuts", extras.shortcutsFor("message").length > 0),
);
new Tips(page, { bar: find("topbar"), before: topbar.theme, write: (text, line) => composer.put(text, line) });
new WhatsApp(find("whatsapp"), page, { bar: find("topbar"), before: topbar.theme });
const connection = new Connection(store, {
  wantedChannel: () => readAddress().channel,
  onNotice: showNotice,
  onUnknownPerson: showUnknownPerson,
});

/** Slackbot's notices also arrive as messages, shortly after; then no toast is needed. */
function showNotice(text) {
  setTimeout(() => {
    if (!store.endsWith(text)) notices.toast(text);
  }, NOTICE_WAIT_MS);
}

/** Opens a channel. The app opens on its last tab, but where there are new messages on those. */
function openChannel(id) {
  if (!store.open(id, store.unread.has(id) ? "messages" : lastTab)) return;
  writeAddress({ channel: id, tab: store.atHome ? "home" : null });
  showSidebar(false);
  if (!NARROW.matches && !store.atHome) composer.focus();
}

/** @param {"home" | "messages"} tab */
function openTab(tab) {
  lastTab = tab;
  store.openTab(tab);
  writeAddress({ tab: store.atHome ? "home" : null }, { replace: true });
}

/** @param {string} ts of the thread's first message, in the open channel */
function openThread(ts) {
  store.openThread(ts);
  thread.focus();
}

function closeThread() {
  store.openThread(null);
  composer.focus();
}

function closePane() {
  store.openPane(null);
  composer.focus();
}

/** Opens a message where it is: in its channel, or in its thread. */
function showMessage(channel, ts) {
  const messages = store.messagesIn(channel);
  const message = messages.find((each) => each.ts === ts);
  store.open(channel, "messages");
  writeAddress({ channel, tab: null });
  showSidebar(false);
  if (!message) {
    notices.toast("This message is no longer here.");
    return;
  }
  const parent = parentOf(message, new Map(messages.map((each) => [each.ts, each])));
  if (parent) {
    store.openThread(parent.ts);
    thread.showMessage(message);
  }
  if (!parent || message.broadcast) timeline.showMessage(message);
}

/** Shows the message that a link leads to, instead of leaving the page. @param {MouseEvent} event */
function followPermalink(event) {
  const anchor = event.target instanceof Element ? event.target.closest("a[href]") : null;
  const linked = anchor && readPermalink(anchor.getAttribute("href") ?? "", store.team.domain);
  if (!linked) return;
  event.preventDefault();
  if (!store.findChannel(linked.channel)) {
    notices.toast("You can't open this message: you aren't in its conversation.");
    return;
  }
  showMessage(linked.channel, linked.ts);
}

function become(person) {
  writeAddress({ as: person });
  showSidebar(false);
  connection.open(person);
}

function showInspector(open) {
  inspector.toggle(open);
  topbar.showInspector(open);
  writeAddress({ inspector: open ? "1" : null }, { replace: true });
  if (!open && NARROW.matches) composer.focus();
}

function toggleSidebar() {
  showSidebar(!document.body.classList.contains("sidebar-open"));
}

/** On a narrow page, the sidebar covers the messages and is inert while closed. */
function showSidebar(open) {
  document.body.classList.toggle("sidebar-open", open);
  sidebar.node.inert = NARROW.matches && !open;
  if (open) sidebar.node.querySelector("button")?.focus();
}

function showUnknownPerson(id) {
  const go = () => {
    dialog.close();
    become(FIRST.as);
  };
  const dialog = h(
    "dialog",
    { class: "dialog confirm", "aria-label": "Unknown person" },
    h("h2", {}, "Unknown person"),
    h("p", {}, `The page's address names ${id}, who isn't in this workspace.`),
    h(
      "div",
      { class: "dialog-buttons" },
      h("button", { type: "button", class: "button primary", on: { click: go } }, "Continue as John Doe"),
    ),
  );
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

/** Applies the URL after going back or forward. */
function followAddress() {
  const { as, channel, tab, inspector: open } = readAddress();
  if (as !== store.me?.id) connection.open(as);
  else if (channel !== store.channel?.id || tab !== store.tab) store.open(channel, tab);
  if (open !== inspector.isOpen) showInspector(open);
}

addEventListener("click", followPermalink);
addEventListener("popstate", followAddress);
addEventListener("keydown", (event) => {
  if (
    (event.metaKey || event.ctrlKey) &&
    !event.shiftKey &&
    !event.altKey &&
    event.key.toLowerCase() === "k"
  ) {
    event.preventDefault();
    switcher.open();
  } else if (event.key === "Escape" && document.body.classList.contains("sidebar-open")) {
    showSidebar(false);
  }
});
find("scrim").addEventListener("click", () => showSidebar(false));
NARROW.addEventListener("change", () => showSidebar(false));
store.on("reset", () => {
  if (store.me && store.channel)
    writeAddress({ as: store.me.id, channel: store.channel.id }, { replace: true });
});

showSidebar(false);
if (readAddress().inspector) showInspector(true);
loadEmoji()
  .catch(() => {})
  .finally(() => connection.open(readAddress().as));
if (!NARROW.matches) composer.focus();
