// Reads adaptive cards by the library that shows them, and checks signatures by the one for Standard Webhooks:
// `check.cjs FOLDER-WITH-node_modules INPUT.json`.
const { createRequire } = require('node:module');
const { readFileSync } = require('node:fs');

const [folder, input] = process.argv.slice(2);
const load = createRequire(`${folder}/`);
const { cards, signed, secret } = JSON.parse(readFileSync(input, 'utf8'));

// The library makes elements of a page only when it shows a card.
const { AdaptiveCard, SerializationContext, Versions } = load('adaptivecards/dist/adaptivecards.js');
for (const card of cards) {
  const context = new SerializationContext(Versions.v1_4);
  const parsed = new AdaptiveCard();
  parsed.parse(card, context);
  const events = [];
  for (let at = 0; at < context.eventCount; at++) events.push(context.getEventAt(at).message);
  const invalid = parsed.validateProperties().validationEvents.map((event) => event.message);
  if (events.length + invalid.length > 0) throw new Error([...events, ...invalid].join('\n'));
  if (parsed.getItemCount() !== card.body.length) throw new Error('elements were dropped');
}

const { Webhook } = load('standardwebhooks');
const webhook = new Webhook(secret);
for (const { headers, body } of signed) {
  webhook.verify(body, headers);
  let forged = true;
  try { webhook.verify(body + ' ', headers); } catch { forged = false; }
  if (forged) throw new Error('a forged body was accepted');
}
console.log(`${cards.length} cards, ${signed.length} signatures`);
