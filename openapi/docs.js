"use strict";
// Shows /openapi.json and /asyncapi.json. All text goes in as text, never as markup.

const main = document.getElementById("main");
const nav = document.getElementById("nav");
const longest = 200_000; // characters of an answer that are shown

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== undefined && child !== null));
  return node;
}

// ---- text: `code`, **bold**, paragraphs and lists ----

function inline(text) {
  return text.split(/(`[^`]+`|\*\*[^*]+\*\*)/).map((part) => {
    if (part.startsWith("`") && part.length > 1) return make("code", {}, part.slice(1, -1));
    if (part.startsWith("**") && part.length > 3) return make("b", {}, part.slice(2, -2));
    return part;
  });
}

function listOf(block) {
  const items = block.split(/\n?^- /m).filter((item) => item.trim());
  return make("ul", {}, ...items.map((item) => make("li", {}, ...inline(item.replace(/\s+/g, " ")))));
}

function prose(text) {
  const blocks = (text ?? "").trim().split(/\n\s*\n/).filter(Boolean);
  return blocks.map((block) => (block.startsWith("- ") ? listOf(block) : make("p", {}, ...inline(block))));
}

// ---- schemas ----

function follow(spec, value) {
  for (let hops = 0; value?.$ref && hops < 16; ++hops) {
    value = value.$ref.slice(2).split("/").reduce(
      (at, key) => at?.[decodeURIComponent(key).replace(/~1/g, "/").replace(/~0/g, "~")], spec);
  }
  return value ?? {};
}

function typeOf(spec, value) {
  const schema = follow(spec, value);
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((one) => JSON.stringify(one)).join(" | ");
  if (schema.type === "array") return `list of ${typeOf(spec, schema.items)}`;
  if (value.$ref && (schema.type === "object" || schema.anyOf || schema.oneOf)) return value.$ref.split("/").pop();
  const choices = schema.type ? undefined : (schema.oneOf ?? schema.anyOf);
  return choices ? choices.map((one) => typeOf(spec, one)).join(" or ") : [schema.type ?? "anything"].flat().join(" or ");
}

function limitsOf(schema) {
  const words = [];
  if (schema.format) words.push(schema.format);
  if (schema.minimum !== undefined && schema.maximum !== undefined) words.push(`${schema.minimum} to ${schema.maximum}`);
  else if (schema.minimum !== undefined) words.push(`at least ${schema.minimum}`);
  else if (schema.maximum !== undefined) words.push(`at most ${schema.maximum}`);
  if (schema.maxLength !== undefined) words.push(`at most ${schema.maxLength} characters`);
  if (schema.maxItems !== undefined) words.push(`at most ${schema.maxItems}`);
  if (schema.default !== undefined) words.push(`${JSON.stringify(schema.default)} when absent`);
  return words.length ? ` (${words.join("; ")})` : "";
}

// The members of a schema and of what it is made of, each schema once.
function members(spec, value, shown) {
  const schema = follow(spec, value);
  if (shown.has(schema)) return undefined;
  shown.add(schema);
  if (schema.type === "array") return members(spec, schema.items, shown);
  const choices = [...(schema.oneOf ?? []), ...(schema.anyOf ?? []), ...(schema.allOf ?? [])]
    .filter((one) => one.$ref || one.properties || one.items);
  const own = Object.entries(schema.properties ?? {});
  if (!own.length && !choices.length) return undefined;
  const list = make("ul", { class: "schema" });
  for (const [name, member] of own) {
    list.append(make("li", {},
      make("span", { class: "name" }, name), " ",
      make("span", { class: "soft" }, typeOf(spec, member) + limitsOf(follow(spec, member))), " ",
      schema.required?.includes(name) ? undefined : make("span", { class: "soft" }, "· may be absent"),
      ...prose(member.description ?? follow(spec, member).description),
      members(spec, member, shown)));
  }
  for (const choice of choices) {
    list.append(make("li", {}, make("span", { class: "soft" }, typeOf(spec, choice)),
      ...prose(follow(spec, choice).description), members(spec, choice, shown)));
  }
  return list;
}

function schemaView(spec, value) {
  const schema = follow(spec, value);
  return make("div", {}, make("span", { class: "soft" }, typeOf(spec, value) + limitsOf(schema)),
    ...prose(schema.description), members(spec, value, new Set()));
}

function sample(value) {
  return make("pre", { tabindex: "0" }, typeof value === "string" ? value : JSON.stringify(value, null, 2));
}

function samples(content) {
  const all = content.example !== undefined ? [{ value: content.example }] : Object.values(content.examples ?? {});
  return all.flatMap((one) => [one.summary ? make("p", { class: "soft" }, one.summary) : undefined, sample(one.value)]);
}

function contentView(spec, content) {
  return Object.entries(content ?? {}).flatMap(([type, body]) => [
    make("h4", {}, make("code", {}, type)), body.schema ? schemaView(spec, body.schema) : undefined, ...samples(body)]);
}

// ---- REST ----

const expanding = (schema) => schema.type === "object"; // "any other name": typed as name=value pairs

function parametersView(spec, parameters) {
  if (!parameters.length) return undefined;
  const rows = parameters.map((parameter) => {
    const schema = follow(spec, parameter.schema);
    return make("tr", {},
      make("td", {}, make("span", { class: "name" }, expanding(schema) ? "…=…" : parameter.name),
        parameter.required ? make("span", { class: "must" }, " required") : undefined,
        make("div", { class: "soft" }, parameter.in)),
      make("td", { class: "soft" }, typeOf(spec, schema) + limitsOf(schema)),
      make("td", {}, ...prose(parameter.description)));
  });
  const head = make("tr", {}, ...["Name", "Type", "Meaning"].map((text) => make("th", { scope: "col" }, text)));
  return make("div", { class: "scroll" },
    make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows)));
}

function answersView(spec, responses) {
  return Object.entries(responses).sort(([a], [b]) => a - b).map(([status, value]) => {
    const response = follow(spec, value);
    const view = make("details", { class: "answer" },
      make("summary", {}, make("b", {}, status), " ", ...inline(response.description)));
    if (status < "300") view.open = true;
    const headers = Object.entries(response.headers ?? {}).map(([name, header]) =>
      make("li", {}, make("code", {}, name), " ", ...inline(follow(spec, header).description ?? "")));
    view.append(headers.length ? make("ul", {}, ...headers) : "", ...contentView(spec, response.content).filter(Boolean));
    return view;
  });
}

function requestFor(path, fields) {
  const headers = new Headers();
  const query = new URLSearchParams();
  let target = path;
  for (const { parameter, schema, input } of fields) {
    const text = input.value.trim();
    if (!text) continue;
    if (parameter.in === "path") target = target.replace(`{${parameter.name}}`, encodeURIComponent(text));
    else if (parameter.in === "header") headers.set(parameter.name, text);
    else if (expanding(schema)) new URLSearchParams(text).forEach((value, name) => query.append(name, value));
    else if (schema.type === "array") text.split(/[\s,]+/).forEach((value) => query.append(parameter.name, value));
    else query.append(parameter.name, text);
  }
  const token = document.getElementById("token").value;
  if (token) headers.set("Authorization", `Bearer ${token}`);
  const asked = query.toString();
  return { address: target.slice(1) + (asked ? `?${asked}` : ""), headers };
}

function pretty(type, text) {
  if (!/json$/.test(type.split(";")[0]) || /ndjson/.test(type)) return text;
  try { return JSON.stringify(JSON.parse(text), null, 2); } catch { return text; }
}

async function show(response, result, elapsed) {
  const type = response.headers.get("content-type") ?? "";
  const output = make("pre", { tabindex: "0" });
  result.replaceChildren(make("p", {}, make("b", {}, `${response.status} ${response.statusText}`), ` ${type} · ${elapsed} ms`), output);
  const decoder = new TextDecoder();
  const reader = response.body?.getReader();
  let text = "";
  for (let part = await reader?.read(); part && !part.done; part = await reader.read()) {
    text = (text + decoder.decode(part.value, { stream: true })).slice(-longest);
    output.textContent = text;
  }
  output.textContent = pretty(type, text);
}

function tryView(spec, path, parameters) {
  const fields = parameters.filter(({ name }) => name !== "Sec-WebSocket-Protocol").map((parameter) => {
    const schema = follow(spec, parameter.schema);
    const input = make("input", { id: `try-${path}-${parameter.name}`, required: parameter.required ? "" : undefined });
    if (expanding(schema)) input.placeholder = "task_id=task-7&runtime=codex";
    if (parameter.in === "path") input.value = parameter.example ?? "";
    return { parameter, schema, input };
  });
  const send = make("button", { type: "submit" }, "Send");
  const stop = make("button", { type: "button", class: "plain", hidden: "" }, "Stop");
  const result = make("div", { class: "result", "aria-live": "polite" });
  const form = make("form", {}, ...fields.flatMap(({ parameter, schema, input }) => [
    make("label", { for: input.id }, expanding(schema) ? "fields of data" : parameter.name), input]),
    make("div", { class: "row" }, send, stop));
  let running;
  stop.addEventListener("click", () => running?.abort());
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    running?.abort();
    const mine = (running = new AbortController());
    stop.hidden = false;
    const began = performance.now();
    try {
      const { address, headers } = requestFor(path, fields);
      const response = await fetch(address, { headers, signal: mine.signal });
      await show(response, result, Math.round(performance.now() - began));
    } catch (error) {
      if (error.name !== "AbortError") result.replaceChildren(make("p", { class: "must" }, `No answer: ${error.message}`));
    }
    if (mine === running) stop.hidden = true;
  });
  return [make("h4", {}, "Try it"), form, result];
}

function accessOf(spec, operation) {
  const needs = operation.security ?? spec.security ?? [];
  const scopes = [...new Set(needs.flatMap((need) => Object.values(need).flat()))];
  return scopes.length ? `With tokens configured, it needs the scope \`${scopes.join(", ")}\`.` : "Needs no token.";
}

function operationView(spec, path, method, operation) {
  const parameters = (operation.parameters ?? []).map((one) => follow(spec, one));
  const body = follow(spec, operation.requestBody);
  const fill = () => [
    ...prose(operation.description), make("p", { class: "soft" }, ...inline(accessOf(spec, operation))),
    parameters.length ? make("h4", {}, "Parameters") : undefined, parametersView(spec, parameters),
    ...(body.content ? [make("h4", {}, "Body"), ...prose(body.description), ...contentView(spec, body.content)] : []),
    make("h4", {}, "Answers"), ...answersView(spec, operation.responses),
    ...(method === "get" && !operation.responses["101"] ? tryView(spec, path, parameters) : [])];
  const words = `${operation.operationId} ${operation.description ?? ""}`;
  return card(operation.operationId, method, path, operation.summary, words, fill);
}

// ---- a card: its inside is made when it is opened first ----

function card(id, badge, title, about, words, fill) {
  const view = make("details", { class: "card", id },
    make("summary", {}, make("span", { class: `method ${badge}` }, badge.toUpperCase()),
      make("span", { class: "path" }, title), make("span", { class: "about" }, ...inline(about ?? ""))));
  view.dataset.words = `${badge} ${title} ${about} ${words}`.toLowerCase();
  view.dataset.title = title;
  view.dataset.badge = badge;
  let filled = false;
  view.fill = () => {
    if (filled) return;
    filled = true;
    view.append(make("div", { class: "inside" }, ...fill().filter(Boolean)));
  };
  view.addEventListener("toggle", () => view.open && view.fill());
  return view;
}

function section(title, text, cards) {
  const links = cards.map((one) => make("li", {}, make("a", { href: `#${one.id}` },
    make("span", { class: `way ${one.dataset.badge}` }, one.dataset.badge), one.dataset.title)));
  nav.append(make("h2", {}, title), make("ul", {}, ...links));
  main.append(make("h2", {}, title), ...prose(text), ...cards);
}

function showRest(spec) {
  main.append(...prose(spec.info.description));
  const all = Object.entries(spec.paths).flatMap(([path, item]) =>
    Object.entries(item).filter(([, operation]) => operation.responses)
      .map(([method, operation]) => ({ path, method, operation })));
  for (const tag of spec.tags) {
    const cards = all.filter(({ operation }) => operation.tags?.includes(tag.name))
      .map(({ path, method, operation }) => operationView(spec, path, method, operation));
    section(tag.name[0].toUpperCase() + tag.name.slice(1), tag.description, cards);
  }
}

// ---- WebSocket and server-sent events ----

function operationsOf(spec, message) {
  const names = (list) => (list ?? []).map((one) => follow(spec, one));
  return Object.values(spec.operations).flatMap((operation) => [
    ...(names(operation.messages).includes(message) ? [operation] : []),
    ...(names(operation.reply?.messages).includes(message) ? [{ action: "send" }] : [])]);
}

function messageView(spec, name, message) {
  const operations = operationsOf(spec, message);
  const badge = operations.some((one) => one.action === "receive") ? "up" : "down";
  return card(`message-${name}`, badge, message.title, message.summary, "", () => [
    ...operations.flatMap((one) => [...prose(one.summary), ...prose(one.description)]),
    schemaView(spec, message.payload), ...(message.examples ?? []).map((one) => sample(one.payload))]);
}

function showStreams(spec) {
  for (const channel of Object.values(spec.channels)) {
    const cards = Object.entries(channel.messages).map(([name, message]) => messageView(spec, name, follow(spec, message)));
    section(`${channel.title}: ${channel.address}`, `${channel.summary}\n\n${channel.description}`, cards);
  }
}

// ---- the page ----

function find(words) {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  for (const view of document.querySelectorAll(".card")) {
    view.hidden = !wanted.every((word) => view.dataset.words.includes(word));
    const link = nav.querySelector(`a[href="#${CSS.escape(view.id)}"]`);
    if (link) link.parentNode.hidden = view.hidden;
  }
}

function openTarget() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target?.classList.contains("card")) return;
  target.open = true;
  target.fill();
  target.scrollIntoView();
}

async function load(name) {
  const response = await fetch(name);
  if (!response.ok) throw new Error(`${name} answered ${response.status}`);
  return response.json();
}

async function start() {
  const state = document.getElementById("state");
  try {
    const [rest, streams] = await Promise.all([load("openapi.json"), load("asyncapi.json")]);
    document.getElementById("version").textContent = rest.info.version;
    showRest(rest);
    showStreams(streams);
    state.hidden = true;
    document.getElementById("find").addEventListener("input", (event) => find(event.target.value));
    window.addEventListener("hashchange", openTarget);
    openTarget();
  } catch (error) {
    state.textContent = `The specifications cannot be shown: ${error.message}`;
  }
}

start();
