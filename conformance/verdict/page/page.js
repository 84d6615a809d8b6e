"use strict";
// The page of a report: a matrix of commands by servers and protocols. A row opens into its
// checks, a check into the exchange that failed. All data stand in the page.
const data = JSON.parse(document.getElementById("data").textContent);
const $ = id => document.getElementById(id);
const signs = { p: "✓", w: "✗", m: "∅", e: "…", s: "–", "-": "" };
const words = { p: "passed", w: "wrong", m: "not implemented", s: "skipped", "-": "not part of this run" };
const protocols = [2, 3];
const opened = new Set();

// element makes an element with attributes, text and children.
function element(name, attributes = {}, ...children) {
  const e = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) e.addEventListener(key.slice(2), value);
    else e.setAttribute(key, value);
  }
  e.append(...children);
  return e;
}

// verdictOf is the verdict on a check by a server; for a command, failures of others are "e".
function verdictOf(server, check, command) {
  const v = data.results[server].verdicts[check];
  if (command === undefined || (v !== "w" && v !== "m")) return v;
  const blamed = data.results[server].blamed[check];
  return blamed === undefined || blamed === command ? v : "e";
}

// The checks of each command, and the cases, which are checks without their protocol.
const checksOf = data.commands.map(() => []);
data.checks.forEach((c, i) => c.commands.forEach(k => checksOf[k].push(i)));
const caseOf = c => c.id.replace(/, RESP[23]$/, "");

function percent(n, of) {
  if (of === 0) return "none";
  return n === of ? "100 %" : (Math.floor(n * 1000 / of) / 10).toFixed(1) + " %";
}

function serverCard(s) {
  const total = s.score.passed + s.score.wrong + s.score.not_implemented;
  const part = (kind, n) => element("i", { class: kind, style: `width:${total ? 100 * n / total : 0}%`, title: `${n} ${words[kind]}` });
  const lacks = Object.keys(s.capabilities).filter(c => !s.capabilities[c]);
  return element("section", { class: "server" },
    element("h2", {}, s.name + " " + s.version),
    element("div", {}, element("span", { class: "share" }, percent(s.score.passed, total)), ` of ${total} checks passed`),
    element("div", { class: "bar" }, part("p", s.score.passed), part("w", s.score.wrong), part("m", s.score.not_implemented)),
    element("p", {}, `${s.score.passed} passed, ${s.score.wrong} wrong, ${s.score.not_implemented} not implemented; ${s.score.skipped} skipped`),
    element("p", {}, `flavour ${s.flavour}, release ${s.release}; ${s.selected}; ${s.started.slice(0, 10)}` + (lacks.length ? `; without ${lacks.join(", ")}` : "")));
}

// summary counts the verdicts of a command's checks in one column.
function summary(command, server, protocol) {
  const n = { p: 0, w: 0, m: 0, e: 0, s: 0, "-": 0 };
  let known = true;
  for (const i of checksOf[command]) {
    if (data.checks[i].protocol !== protocol) continue;
    const v = verdictOf(server, i, command);
    n[v]++;
    if ((v === "w" || v === "m") && !data.results[server].known[i]) known = false;
  }
  const total = n.p + n.w + n.m + n.e;
  const kind = n.w ? "w" : n.m ? "m" : n.e ? "e" : n.p ? "p" : "s";
  return { ...n, total, kind, known: known && (n.w || n.m) > 0 };
}

function summaryCell(command, server, protocol) {
  const n = summary(command, server, protocol);
  if (n.total === 0) return element("span", { class: "cell wide s", title: "no check was made" }, "–");
  const tell = `${n.p} passed, ${n.w} wrong, ${n.m} not implemented, ${n.e} failed because of another command`;
  const text = `${signs[n.kind]} ${n.p}/${n.total}`;
  return element("span", { class: `cell wide ${n.kind}${n.known ? " k" : ""}`, title: tell }, text);
}

function columns(make) {
  const chosen = $("protocol").value;
  const out = [];
  data.servers.forEach((_, s) => protocols.filter(p => !chosen || p === +chosen).forEach((p, i) => out.push(make(s, p, i === 0))));
  return out;
}

function matchesText(text, command) {
  if (data.commands[command].name.includes(text)) return true;
  return checksOf[command].some(i => searchText(i).includes(text));
}

// searchText is what the search looks at in a check.
const searchTexts = [];
function searchText(i) {
  if (searchTexts[i] === undefined) {
    searchTexts[i] = [data.checks[i].id, ...data.results.map(r => r.reasons[i] || "")].join("\n").toLowerCase();
  }
  return searchTexts[i];
}

function shown(command) {
  const group = $("group").value;
  if (group && data.commands[command].group !== group) return false;
  const kinds = columns((s, p) => summary(command, s, p)).filter(n => n.total > 0);
  switch ($("show").value) {
    case "w": if (!kinds.some(n => n.w > 0)) return false; break;
    case "m": if (!kinds.some(n => n.m > 0)) return false; break;
    case "p": if (kinds.length === 0 || !kinds.every(n => n.p === n.total)) return false; break;
    case "d": if (!checksOf[command].some(i => new Set(data.results.map((_, s) => verdictOf(s, i)).filter(v => v !== "s" && v !== "-")).size > 1)) return false;
  }
  const text = $("search").value.trim().toLowerCase();
  return !text || matchesText(text, command);
}

function commandRow(command) {
  const name = data.commands[command].name;
  const button = element("button", {
    class: "name", type: "button", "aria-expanded": opened.has(command), "data-command": name,
    onclick: () => { opened.has(command) ? opened.delete(command) : opened.add(command); draw(); },
  }, name.replace("|", " ").toUpperCase());
  return element("tr", { class: "command" }, element("td", {}, button),
    ...columns((s, p, first) => element("td", first ? { class: "first" } : {}, summaryCell(command, s, p))));
}

function checkCell(i, server, command) {
  const v = i === undefined ? "-" : verdictOf(server, i, command);
  if (v === "-") return "";
  const tell = `${words[verdictOf(server, i)]}: ${data.checks[i].id}`;
  const known = data.results[server].known[i] && v !== "p" && v !== "s" ? " k" : "";
  return element("button", { class: `cell ${v}${known}`, type: "button", title: tell, "aria-label": tell, onclick: () => detail(i, server) }, signs[v]);
}

// checkRows are the rows of the command's cases, those first that have failed somewhere.
function checkRows(command) {
  const text = $("search").value.trim().toLowerCase();
  const byName = data.commands[command].name.includes(text);
  const cases = new Map();
  for (const i of checksOf[command]) {
    if (text && !byName && !searchText(i).includes(text)) continue;
    const name = caseOf(data.checks[i]);
    if (!cases.has(name)) cases.set(name, {});
    cases.get(name)[data.checks[i].protocol] = i;
  }
  const failed = c => Object.values(c).some(i => data.results.some((_, s) => "wm".includes(verdictOf(s, i))));
  const sorted = [...cases].sort((a, b) => failed(b[1]) - failed(a[1]));
  return sorted.map(([name, c]) => element("tr", { class: "check" }, element("td", { class: "case" }, name),
    ...columns((s, p, first) => element("td", first ? { class: "first" } : {}, checkCell(c[p], s, command)))));
}

function head() {
  const per = $("protocol").value ? 1 : 2;
  return [
    element("tr", {}, element("th", {}, ""), ...data.servers.map(s => element("th", { class: "server-name", colspan: per }, s.name + " " + s.version))),
    element("tr", {}, element("th", {}, "command"), ...columns((_, p, first) => element("th", first ? { class: "first" } : {}, "RESP" + p))),
  ];
}

function draw() {
  const rows = [];
  let group = "", count = 0;
  data.commands.forEach((c, i) => {
    if (!shown(i)) return;
    count++;
    if (c.group !== group) {
      group = c.group;
      rows.push(element("tr", { class: "group" }, element("th", { colspan: 1 + 2 * data.servers.length }, group)));
    }
    rows.push(commandRow(i));
    if (opened.has(i)) rows.push(...checkRows(i));
  });
  $("matrix").tHead.replaceChildren(...head());
  $("matrix").tBodies[0].replaceChildren(...rows);
  $("count").textContent = `${count} of ${data.commands.length} commands`;
}

// reply is a block of text with the character at the caret marked.
function reply(text, line, column) {
  const pre = element("pre", {});
  text.split("\n").forEach((l, i) => {
    if (i > 0) pre.append("\n");
    if (i !== line) return pre.append(l);
    const chars = [...l];
    pre.append(chars.slice(0, column).join(""), element("mark", {}, chars[column] || " "), chars.slice(column + 1).join(""));
  });
  return pre;
}

function detail(i, server) {
  const c = data.checks[i], r = data.results[server], s = data.servers[server], f = r.failures[i];
  const v = r.verdicts[i];
  const out = [
    element("h3", { id: "detail-title" }, `${signs[v]} ${c.id}`),
    element("div", {}, `${s.name} ${s.version}: ${words[v]}` + (r.reasons[i] ? `: ${r.reasons[i]}` : "")),
  ];
  if (r.known[i]) out.push(element("div", {}, "Known: " + r.known[i]));
  if (f) {
    if (f.before) {
      const text = f.before.map(e => [e.step, ...(e.got || []).map(g => "  " + g.replaceAll("\n", "\n  "))].join("\n")).join("\n");
      out.push(element("h4", {}, "before"), element("pre", {}, text));
    }
    const caret = f.caret || {};
    out.push(element("h4", {}, `request (${c.file}${f.line ? ":" + f.line : ""})`), element("pre", { class: "request" }, f.step),
      element("div", { class: "two" },
        element("div", {}, element("h4", {}, "expected"), reply(f.want, caret.want_line, caret.want_column)),
        element("div", {}, element("h4", {}, "got"), reply(f.got, caret.got_line, caret.got_column))));
    if (f.bytes) out.push(element("h4", {}, "as bytes"), element("pre", {}, f.bytes));
    if (f.further) out.push(element("p", {}, `and ${f.further} more in this case`));
  }
  out.push(element("h4", {}, "to make just this check"), element("pre", {}, `respect-check … -only '${c.id.replaceAll("'", "'\\''")}'`));
  $("detail-body").replaceChildren(...out);
  $("detail").showModal();
}

$("servers").append(...data.servers.map(serverCard));
[...new Set(data.commands.map(c => c.group))].forEach(g => $("group").append(element("option", { value: g }, g)));
for (const id of ["search", "group", "show", "protocol"]) $(id).addEventListener("input", draw);
$("close").addEventListener("click", () => $("detail").close());
$("detail").addEventListener("click", e => { if (e.target === $("detail")) $("detail").close(); });
draw();
