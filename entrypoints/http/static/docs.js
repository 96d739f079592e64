"use strict";

// Draws /schema/openapi.json. Everything is made of nodes and text, never of markup from a string.

const METHODS = ["get", "post", "put", "patch", "delete"];

function make(name, attributes, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (value === true) node.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(key, value);
  }
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined) node.append(child);
  }
  return node;
}

// Text with `code` in it.
function words(text) {
  return text.split(/`([^`]*)`/).map((part, index) => (index % 2 ? make("code", {}, part) : part));
}

function prose(text) {
  const blocks = (text || "").split(/\n\n+/).filter((block) => block.trim());
  return blocks.map((block) => make("p", {}, words(block.replace(/\n/g, " "))));
}

class Schema {
  constructor(document_) {
    this.document = document_;
  }

  resolve(schema) {
    if (!schema || !schema.$ref) return schema || {};
    return this.document.components.schemas[schema.$ref.split("/").pop()] || {};
  }

  // What a value may be, in one word or two.
  kind(schema) {
    if (schema.anyOf) {
      const kinds = schema.anyOf.map((each) => this.kind(each));
      return [...new Set(kinds)].join(" or ");
    }
    if (schema.$ref) {
      const target = this.resolve(schema);
      return target.enum ? this.kind(target) : target.title || "object";
    }
    if (schema.enum) return schema.enum.map((each) => JSON.stringify(each)).join(" | ");
    if (schema.const !== undefined) return JSON.stringify(schema.const);
    if (schema.type === "array") return `list of ${this.kind(schema.items || {})}`;
    if (schema.format === "date-time") return "instant";
    return schema.type || "anything";
  }

  limits(schema) {
    const known = [
      ["minLength", "at least", "characters"],
      ["maxLength", "at most", "characters"],
      ["minimum", "from", ""],
      ["maximum", "to", ""],
      ["minItems", "at least", "items"],
      ["maxItems", "at most", "items"],
    ];
    const told = known
      .filter(([name]) => schema[name] !== undefined)
      .map(([name, before, after]) => `${before} ${schema[name]} ${after}`.trim());
    if (schema.default !== undefined && schema.default !== null) {
      told.push(`${JSON.stringify(schema.default)} if left out`);
    }
    return told.join(", ");
  }

  // The parts of a schema that say something about a value, whichever branch they are in.
  described(schema) {
    const branches = (schema.anyOf || []).filter((each) => each.type !== "null");
    return Object.assign({}, ...branches.map((each) => (each.$ref ? {} : each)), schema);
  }

  example(schema, depth = 0) {
    if (depth > 6) return null;
    if (schema.examples && schema.examples.length) return schema.examples[0];
    if (schema.default !== undefined && schema.default !== null) return schema.default;
    if (schema.$ref) return this.example(this.resolve(schema), depth + 1);
    if (schema.anyOf) return this.example(schema.anyOf[0], depth + 1);
    if (schema.enum) return schema.enum[0];
    if (schema.const !== undefined) return schema.const;
    if (schema.type === "object" && schema.properties) {
      const entries = Object.entries(schema.properties);
      return Object.fromEntries(
        entries.map(([name, each]) => [name, this.named(name, each, depth)])
      );
    }
    if (schema.type === "array") return [this.example(schema.items || {}, depth + 1)];
    if (schema.format === "date-time") return "2026-03-05T09:00:00Z";
    if (schema.type === "integer" || schema.type === "number") return schema.minimum || 0;
    if (schema.type === "boolean") return false;
    return schema.type === "string" ? "…" : {};
  }

  // An id's example says what it is the id of.
  named(name, schema, depth) {
    const value = this.example(schema, depth + 1);
    const prefixes = {
      gig_id: "gig", student_id: "usr", teacher_id: "usr", actor_id: "usr", payment_id: "pay",
      refund_id: "re", payout_id: "po", booking_id: "bk",
    };
    const prefix = prefixes[name];
    return prefix && typeof value === "string" ? value.replace(/^[a-z]+_/, `${prefix}_`) : value;
  }

  table(schema, isInput = false) {
    const resolved = this.resolve(schema);
    if (!resolved.properties) return make("p", { class: "quiet" }, this.kind(schema));
    const required = new Set(resolved.required || []);
    const rows = Object.entries(resolved.properties).map(([name, each]) =>
      make(
        "tr",
        {},
        make("td", {}, make("code", {}, name)),
        make("td", {}, this.cell(each, isInput && required.has(name), isInput))
      )
    );
    return make("table", {}, rows);
  }

  cell(schema, isRequired, isInput = false) {
    const about = this.described(schema);
    const inner = this.inner(schema);
    const told = [about.description, this.limits(about)];
    return [
      make("span", { class: "quiet" }, this.kind(schema)),
      isRequired ? make("span", { class: "required" }, " required") : null,
      words(` ${told.filter(Boolean).join(" ")}`),
      inner ? make("details", {}, make("summary", {}, "fields"), this.table(inner, isInput)) : null,
    ];
  }

  inner(schema) {
    const candidates = [schema, schema.items, ...(schema.anyOf || [])].filter(Boolean);
    const lists = candidates.map((each) => each.items).filter(Boolean);
    return [...candidates, ...lists].find((each) => each.$ref && this.resolve(each).properties);
  }
}

function sample(text, label) {
  const button = make("button", { type: "button", "aria-label": `Copy ${label}` }, "copy");
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(text);
    button.textContent = "copied";
    setTimeout(() => { button.textContent = "copy"; }, 1500);
  });
  return make("div", { class: "sample" }, make("pre", {}, make("code", {}, text)), button);
}

function bodyOf(content) {
  const json = (content || {})["application/json"] || (content || {})["application/problem+json"];
  return json ? json.schema : null;
}

function curl(schema, path, method, operation) {
  const lines = [`curl -X ${method.toUpperCase()} "$TUITION_URL${path}"`];
  if ((operation.security || []).some((each) => each.bearer)) {
    lines.push('-H "Authorization: Bearer $TOKEN"');
  }
  const takesKey = (operation.parameters || []).some((each) => each.name === "Idempotency-Key");
  if (takesKey) lines.push('-H "Idempotency-Key: $(uuidgen)"');
  const body = bodyOf((operation.requestBody || {}).content);
  if (body && body.$ref && Object.keys(schema.resolve(body).properties || {}).length) {
    lines.push('-H "Content-Type: application/json"');
    const text = JSON.stringify(needed(schema, operation, body)).replace(/'/g, "'\\''");
    lines.push(`-d '${text}'`);
  }
  return lines.join(" \\\n  ");
}

// The example that the schema gives of a body, or one made up from its fields.
function exampleOf(schema, operation) {
  const json = operation.requestBody.content["application/json"];
  return json.example || schema.example(json.schema);
}

// The example of a body with what is required only; with all of it if nothing is.
function needed(schema, operation, reference) {
  const whole = exampleOf(schema, operation);
  const required = schema.resolve(reference).required || [];
  if (!required.length) return whole;
  return Object.fromEntries(required.map((name) => [name, whole[name]]));
}

function parameters(schema, operation) {
  const known = operation.parameters || [];
  if (!known.length) return null;
  const rows = known.map((each) =>
    make(
      "tr",
      {},
      make("td", {}, make("code", {}, each.name), make("span", { class: "quiet" }, ` ${each.in}`)),
      make(
        "td",
        {},
        schema.cell({ ...each.schema, description: each.description }, each.required)
      )
    )
  );
  return [make("h4", {}, "Parameters"), make("table", {}, rows)];
}

function requestBody(schema, operation) {
  const body = bodyOf((operation.requestBody || {}).content);
  if (!body || !body.$ref || !Object.keys(schema.resolve(body).properties || {}).length) return null;
  return [
    make("h4", {}, "Body"),
    ...prose(schema.resolve(body).description),
    schema.table(body, true),
    sample(JSON.stringify(exampleOf(schema, operation), null, 2), "the body"),
  ];
}

function answers(schema, operation) {
  const good = [];
  const problems = [];
  for (const [status, response] of Object.entries(operation.responses)) {
    (Number(status) < 400 ? good : problems).push([status, response]);
  }
  return [
    make("h4", {}, "Answers"),
    good.map(([status, response]) => answer(schema, status, response)),
    make(
      "details",
      {},
      make("summary", {}, "What can go wrong"),
      problems.map(([status, response]) => problem(status, response))
    ),
  ];
}

function answer(schema, status, response) {
  const body = bodyOf(response.content);
  const head = make("p", {}, make("span", { class: "status" }, status), " ", words(response.description));
  if (!body) return head;
  return [
    head,
    make(
      "details",
      {},
      make("summary", {}, schema.kind(body)),
      schema.table(body),
      sample(JSON.stringify(schema.example(body), null, 2), "the answer")
    ),
  ];
}

function problem(status, response) {
  const lines = response.description.split("\n").filter((line) => line.startsWith("- `"));
  const items = lines.map((line) => {
    const [, code, meaning] = line.match(/^- `([^`]+)`: (.*)$/);
    return make(
      "li",
      {},
      make("a", { href: `/problems/${code}` }, make("code", {}, code)),
      " ",
      words(meaning)
    );
  });
  return [make("span", { class: "status" }, status), make("ul", { class: "codes" }, items)];
}

function operationNode(schema, path, method, operation) {
  return make(
    "article",
    { class: "operation", id: operation.operationId },
    make("h3", {}, operation.summary.replace(/\.$/, "")),
    make("p", { class: "route" }, make("span", { class: `method ${method}` }, method.toUpperCase()), path),
    prose(operation.description),
    sample(curl(schema, path, method, operation), "the command"),
    parameters(schema, operation),
    requestBody(schema, operation),
    answers(schema, operation)
  );
}

function link(path, method, operation) {
  return make(
    "li",
    { "data-text": `${method} ${path} ${operation.summary}`.toLowerCase() },
    make(
      "a",
      { href: `#${operation.operationId}` },
      make("span", { class: `method ${method}` }, method.toUpperCase()),
      make("span", {}, operation.summary.replace(/\.$/, ""))
    )
  );
}

function draw(document_) {
  const schema = new Schema(document_);
  const content = document.getElementById("content");
  const index = document.getElementById("index");
  content.replaceChildren(
    make("h1", {}, document_.info.title),
    make("p", { class: "quiet" }, document_.info.summary),
    ...prose(document_.info.description)
  );
  for (const { name } of document_.tags) {
    const found = [];
    for (const [path, operations] of Object.entries(document_.paths)) {
      for (const method of METHODS) {
        const operation = operations[method];
        if (operation && operation.tags.includes(name)) found.push([path, method, operation]);
      }
    }
    const nodes = found.map((each) => operationNode(schema, ...each));
    content.append(make("section", {}, make("h2", {}, name), nodes));
    const links = found.map((each) => link(...each));
    index.append(make("section", {}, make("h2", {}, name), make("ul", {}, links)));
  }
  const wanted = document.getElementById(location.hash.slice(1));
  if (wanted) wanted.scrollIntoView();
}

function search(event) {
  const parts = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const section of document.querySelectorAll("#index section")) {
    let shown = 0;
    for (const item of section.querySelectorAll("li")) {
      item.hidden = !parts.every((part) => item.dataset.text.includes(part));
      shown += item.hidden ? 0 : 1;
    }
    section.hidden = !shown;
  }
}

document.getElementById("search").addEventListener("input", search);
fetch("/schema/openapi.json")
  .then((response) => response.json())
  .then(draw)
  .catch(() => {
    document.getElementById("loading").textContent = "The schema could not be read.";
  });
