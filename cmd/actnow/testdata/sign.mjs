// Signs and posts deliveries with npm's standardwebhooks, which is nobody's here.
// Reads one JSON line: {modules, url, secret, deliveries: [{id, body, secret?}]};
// prints a status a line.
import { createRequire } from "node:module";
import path from "node:path";
import { text } from "node:stream/consumers";

const order = JSON.parse(await text(process.stdin));
const { Webhook } = createRequire(path.join(order.modules, "index.js"))("standardwebhooks");

for (const { id, body, secret } of order.deliveries) {
  const now = new Date();
  const response = await fetch(order.url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "webhook-id": id,
      "webhook-timestamp": String(Math.floor(now.getTime() / 1000)),
      "webhook-signature": new Webhook(secret ?? order.secret).sign(id, now, body),
    },
    body,
  });
  await response.arrayBuffer();
  console.log(response.status);
}
