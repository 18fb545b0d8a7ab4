// Forms as the undici of Node.js sends them: node forms.js URL, with the forms as JSON on the standard input. A line of JSON for each answer.
import { text } from 'node:stream/consumers';

const [url] = process.argv.slice(2);

for (const { name, values, fileName, content } of JSON.parse(await text(process.stdin))) {
  const form = new FormData();
  for (const value of values) form.append(name, value);
  form.append(name, new File([content], fileName, { type: 'text/plain' }));
  const response = await fetch(url, { method: 'POST', body: form });
  console.log(JSON.stringify({ status: response.status, body: await response.text() }));
}
