// Reads iCalendar with ical.js: POST a calendar, get its events as JSON.
import { createServer } from "node:http";
import ICAL from "ical.js";

const server = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  try {
    const calendar = new ICAL.Component(ICAL.parse(Buffer.concat(chunks).toString("utf8")));
    const events = calendar.getAllSubcomponents("vevent").map((component) => {
      const event = new ICAL.Event(component);
      return {
        uid: event.uid, summary: event.summary, description: event.description, start: event.startDate.toJSDate().toISOString(),
        alarms: component.getAllSubcomponents("valarm").length,
      };
    });
    response.end(JSON.stringify(events));
  } catch (error) {
    response.writeHead(400).end(String(error));
  }
});

server.listen(0, "127.0.0.1", () => {
  console.log(JSON.stringify({ url: `http://127.0.0.1:${server.address().port}` }));
});
