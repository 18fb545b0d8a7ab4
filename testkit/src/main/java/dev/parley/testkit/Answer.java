package dev.parley.testkit;

import dev.parley.sse.codec.EventStreamParser;
import dev.parley.sse.codec.ServerSentEvent;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What a client has heard of the answer to one request, so far. Confined to the test's thread. */
final class Answer {
    enum End {
        /** More may come. */
        NONE,
        /** All has come. */
        COMPLETE,
        /** The connection or the stream ended before all had come. */
        CUT_OFF,
        /** What came is not HTTP. */
        BROKEN
    }

    /** How many events a message shows. */
    private static final int MAX_SHOWN = 16;

    /** What the names of the library's own events begin with. */
    private static final String NOTICE = "parley:";

    static final String RESUMED = NOTICE + "resumed";
    static final String GAP = NOTICE + "gap";
    static final String RESET = NOTICE + "reset";

    /** For messages: {@code GET /x over HTTP_2}. */
    private final String request;

    private final List<TestInterim> interims = new ArrayList<>();
    private int status;
    private HttpHeaders headers = EmptyHttpHeaders.INSTANCE;
    private HttpHeaders trailers = EmptyHttpHeaders.INSTANCE;
    private final Received body = new Received();
    private final List<ServerSentEvent> events = new ArrayList<>();
    /** The events in which the library tells of the stream itself, all of them. */
    private final List<ServerSentEvent> notices = new ArrayList<>();

    private final Trail trail;
    private final List<String> comments = new ArrayList<>();
    private @Nullable Duration retry;
    private @Nullable EventStreamParser parser;
    /** Of an event stream that is compressed. */
    private @Nullable Gunzip gunzip;

    private End end = End.NONE;
    private String endDetail = "";

    private Cut cut = Cut.NEVER;
    private Runnable cutter = () -> {};
    private boolean wasCut;
    private Runnable onData = () -> {};
    private long receivedBytes;
    private long dispatched;

    Answer(String request, Trail trail) {
        this.request = request;
        this.trail = trail;
    }

    /** Sets what reads the body as it comes and looks at its end, and lets it read what is there. */
    void onData(Runnable reader) {
        onData = reader;
        reader.run();
    }

    /** Sets when the client is to be cut off, and what does it. To be set before the answer begins. */
    void cut(Cut when, Runnable how) {
        cut = when;
        cutter = how;
    }

    // ---- told by the client's codec

    void interim(int code, HttpHeaders fields) {
        interims.add(new TestInterim(code, fields));
    }

    void head(int code, HttpHeaders fields) {
        status = code;
        headers = fields;
        String type = fields.get(HttpHeaderNames.CONTENT_TYPE);
        if (type != null && type.toLowerCase(Locale.ROOT).startsWith("text/event-stream")) {
            parser = new EventStreamParser(new EventStreamParser.Listener() {
                @Override
                public void onEvent(ServerSentEvent event) {
                    dispatch(event);
                }

                @Override
                public void onComment(String comment) {
                    comments.add(comment);
                }

                @Override
                public void onRetry(Duration time) {
                    retry = time;
                }
            });
        }
        if (parser != null && "gzip".equalsIgnoreCase(fields.get(HttpHeaderNames.CONTENT_ENCODING))) {
            gunzip = new Gunzip();
        }
        cutIfDue();
    }

    private void dispatch(ServerSentEvent event) {
        String name = event.event();
        String id = event.id();
        if (name != null && name.startsWith(NOTICE)) {
            notices.add(event);
            if (id != null && isLoss(event)) {
                trail.begins(id); // What is lost is told of: nobody need find it missing.
            } else if (id != null) {
                trail.stands(id);
            }
            return;
        }
        dispatched++;
        events.add(event);
        if (id != null) {
            trail.event(id);
        }
    }

    /** Takes no more than it may before the client is cut off. */
    void data(ByteBuf bytes) {
        record(bytes);
        onData.run();
    }

    private void record(ByteBuf bytes) {
        ByteBuf rest =
                bytes.slice(bytes.readerIndex(), (int) Math.min(bytes.readableBytes(), cut.bytes() - receivedBytes));
        while (!wasCut && rest.isReadable()) {
            ByteBuf part = cut.countsEvents() ? step(rest) : rest.readSlice(rest.readableBytes());
            receivedBytes += part.readableBytes();
            body.add(part);
            if (cut.countsEvents()) {
                parse();
            }
            cutIfDue();
        }
    }

    /** As much as may hold the end of one event, and no more. */
    private ByteBuf step(ByteBuf bytes) {
        return gunzip == null ? line(bytes) : bytes.readSlice(1);
    }

    private void cutIfDue() {
        if (!wasCut && (receivedBytes >= cut.bytes() || dispatched >= cut.events())) {
            wasCut = true;
            end(End.CUT_OFF, " after " + receivedBytes + " bytes of the body, as was scripted");
            cutter.run();
        }
    }

    void complete(HttpHeaders section) {
        if (!wasCut) {
            trailers = section;
            parse();
            if (gunzip == null || receivedBytes == 0 || gunzip.isComplete()) { // HEAD has no body
                end(End.COMPLETE, "");
            } else {
                end(End.BROKEN, "Content-Encoding gzip: ended before its trailer");
            }
        }
    }

    void end(End how, String detail) {
        if (end == End.NONE) {
            end = how;
            endDetail = detail;
            onData.run();
        }
    }

    // ---- asked by the test

    String request() {
        return request;
    }

    List<TestInterim> interims() {
        return interims;
    }

    boolean hasHead() {
        return status != 0;
    }

    int status() {
        return status;
    }

    HttpHeaders headers() {
        return headers;
    }

    HttpHeaders trailers() {
        return trailers;
    }

    Received body() {
        return body;
    }

    boolean isEventStream() {
        return parser != null;
    }

    /** All of the body that nobody has looked at. */
    byte[] takeAll() {
        return body.take();
    }

    /** Reads what has come of an event stream: line by line, to hear of blocks that have an id and no event. */
    private void parse() {
        if (parser == null) {
            return;
        }
        byte[] coded = body.take();
        ByteBuf bytes = Unpooled.wrappedBuffer(gunzip == null ? coded : gunzip.decode(coded));
        while (bytes.isReadable()) {
            String idBefore = parser.lastEventId();
            long dispatchedBefore = dispatched + notices.size();
            parser.parse(line(bytes));
            String id = parser.lastEventId();
            if (id != null && !id.equals(idBefore) && dispatched + notices.size() == dispatchedBefore) {
                trail.stands(id);
            }
        }
    }

    /** The next line with its end, or as much as there is of it. */
    private static ByteBuf line(ByteBuf bytes) {
        int beforeEnd = bytes.bytesBefore((byte) '\n');
        return bytes.readSlice(beforeEnd < 0 ? bytes.readableBytes() : beforeEnd + 1);
    }

    List<ServerSentEvent> takeEvents() {
        parse();
        List<ServerSentEvent> taken = List.copyOf(events);
        events.clear();
        return taken;
    }

    List<ServerSentEvent> notices() {
        parse();
        return List.copyOf(notices);
    }

    Trail trail() {
        parse();
        return trail;
    }

    List<String> takeComments() {
        parse();
        List<String> taken = List.copyOf(comments);
        comments.clear();
        return taken;
    }

    @Nullable
    Duration retry() {
        parse();
        return retry;
    }

    @Nullable
    String lastEventId() {
        parse();
        String said = parser == null ? null : parser.lastEventId();
        return said == null ? trail.sent() : said;
    }

    /** Whether a notice tells that something was lost. */
    static boolean isLoss(ServerSentEvent notice) {
        return GAP.equals(notice.event()) || RESET.equals(notice.event());
    }

    /** Whether the client was cut off, as was scripted. */
    boolean wasCut() {
        return wasCut;
    }

    End end() {
        return end;
    }

    /** How far it came, for messages. */
    String progress() {
        String head = hasHead() ? "answered " + status : "not answered";
        return switch (end) {
            case NONE -> hasHead() ? head + ", and goes on" : head;
            case COMPLETE -> head;
            case CUT_OFF -> head + ", then cut off" + endDetail;
            case BROKEN -> head + ", then broken: " + endDetail;
        };
    }

    /** What nobody has looked at; empty if there is nothing. */
    String unread() {
        parse();
        if (!events.isEmpty()) {
            int more = Math.max(0, events.size() - MAX_SHOWN);
            return "events " + events.subList(0, events.size() - more) + (more == 0 ? "" : " and " + more + " more");
        }
        return body.size() == 0 ? "" : Text.quote(body.peek());
    }
}
