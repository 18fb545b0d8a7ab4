package dev.parley.http.codec;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Reads a body of {@code multipart/form-data} as it comes: pieces of bytes in, events out
 * (<a href="https://www.rfc-editor.org/rfc/rfc7578">RFC 7578</a>).
 *
 * <pre>{@code
 * MultipartReader reader = new MultipartReader(Boundary.of(contentType), MultipartLimits.DEFAULT);
 * for (ByteBuf piece : pieces) {
 *     for (Event event = reader.next(piece); event != Event.NEEDS_INPUT; event = reader.next(piece)) {
 *         switch (event) {
 *             case PART -> begin(reader.part());
 *             case DATA -> write(reader.data());
 *             case PART_END -> end();
 *             ...
 *         }
 *     }
 * }
 * reader.end();
 * }</pre>
 *
 * <p><b>Wire.</b>
 *
 * <pre>
 *   preamble CR LF
 *   --boundary CR LF                                     the line break before a boundary is the boundary's, not the part's
 *   Content-Disposition: form-data; name="a" CR LF       the head of a part
 *   CR LF
 *   data CR LF
 *   --boundary-- CR LF
 *   epilogue
 * </pre>
 *
 * <p>Preamble and epilogue are left out. A body without parts is right: browsers send it for an empty form. A part may be of
 * {@code multipart/mixed}; its data is not looked into.
 *
 * <p><b>States.</b> After a {@link ViolationException} a reader reads nothing more: it throws the same again.
 *
 * <p><b>Threading.</b> Not thread-safe.
 *
 * <p><b>Memory.</b> Data is handed on where it stands, and nothing of it is kept: what is held back at the end of a piece, as it may
 * begin a boundary, is a piece of that boundary. Nothing needs to be released.
 *
 * <p><b>Limits.</b> {@link MultipartLimits}; how long data and epilogue may be is the caller's to say.
 */
public final class MultipartReader {
    /** What came of a body. */
    public enum Event {
        /** A part begins: {@link MultipartReader#part}. */
        PART,
        /** Some of a part's data: {@link MultipartReader#data}. */
        DATA,
        /** The part's data has ended. */
        PART_END,
        /** The last boundary has come. What is left is to be read all the same, as its line may be wrong. */
        END,
        /** All was read of what there is. */
        NEEDS_INPUT
    }

    private enum State {
        PREAMBLE,
        /** Behind a boundary. */
        AFTER_BOUNDARY,
        /** Behind a boundary and one hyphen. */
        AFTER_HYPHEN,
        /** Behind a boundary and a blank. */
        PADDING,
        /** Behind a boundary and CR. */
        AFTER_CR,
        HEAD,
        DATA,
        /** Behind the last boundary, in its line. */
        LAST_LINE,
        LAST_CR,
        EPILOGUE
    }

    private static final int LINE_BREAK_BYTES = 2;
    /** What is searched at a time of a buffer that is made of several: it is copied for that, so it must not be all that is left. */
    private static final int COPIED_BYTES = 4 * 1024;

    private final MultipartLimits limits;
    private final PartHeadReader head;

    /** CR, LF, two hyphens, the boundary: only its first byte is a CR, so a search that fails never has to go back. */
    private final byte[] delimiter;

    private final ByteBuf delimiterBytes;

    /** How far the search for the delimiter may go on, for each byte that stands below its last one. */
    private final byte[] steps;

    private final int stepOfLast;

    private State state = State.PREAMBLE;
    /** How many bytes of the delimiter have come. A boundary may stand at the very start: then its line break is thought of. */
    private int matched = LINE_BREAK_BYTES;
    /** Where what came of it begins: at 2 if the line break was not data, or was the end of a head. */
    private int matchedFrom = LINE_BREAK_BYTES;

    private long preambleBytes;
    private int padding;
    private int parts;
    private @Nullable PartHead part;
    private ByteBuf data = Unpooled.EMPTY_BUFFER;
    private @Nullable Violation violation;

    /**
     * A reader for a body.
     *
     * @param boundary its boundary
     * @param limits how much it takes
     */
    public MultipartReader(Boundary boundary, MultipartLimits limits) {
        this.limits = limits;
        head = new PartHeadReader(limits);
        delimiter = ("\r\n--" + boundary.text()).getBytes(US_ASCII);
        delimiterBytes = Unpooled.wrappedBuffer(delimiter).asReadOnly();
        steps = steps(delimiter);
        stepOfLast = stepOfLast(delimiter);
    }

    /**
     * Reads up to the next event.
     *
     * @param in what came, of which it takes what it reads; it stays the caller's
     * @return what is there; {@link Event#NEEDS_INPUT} if all of the buffer was read without an event
     * @throws ViolationException if the body is not as it must be; what came before was told
     */
    public Event next(ByteBuf in) {
        if (violation != null) {
            throw new ViolationException(violation);
        }
        data = Unpooled.EMPTY_BUFFER;
        try {
            return read(in);
        } catch (ViolationException e) {
            violation = e.violation();
            throw e;
        }
    }

    /**
     * Says that no more will come.
     *
     * @throws ViolationException {@link Violation#CUT_OFF} if the last boundary has not come, or what was wrong before
     */
    public void end() {
        if (violation == null && state != State.LAST_LINE && state != State.EPILOGUE) {
            violation = Violation.CUT_OFF;
        }
        if (violation != null) {
            throw new ViolationException(violation);
        }
    }

    /**
     * The head of the part that began last.
     *
     * @return what it says
     * @throws IllegalStateException before the first {@link Event#PART}
     */
    public PartHead part() {
        if (part == null) {
            throw new IllegalStateException("part: none has begun (expected: PART before)");
        }
        return part;
    }

    /**
     * The data that {@link Event#DATA} tells of.
     *
     * @return a view of the buffer that was read, valid until the next call, and not to be released; whoever needs it longer takes a
     *     copy, or a {@code retainedSlice}
     */
    public ByteBuf data() {
        return data;
    }

    private Event read(ByteBuf in) {
        while (in.isReadable()) {
            switch (state) {
                case PREAMBLE -> skipPreamble(in);
                case HEAD -> {
                    if (readHead(in)) {
                        return Event.PART;
                    }
                }
                case DATA -> {
                    Event event = readData(in);
                    if (event != Event.NEEDS_INPUT) {
                        return event;
                    }
                }
                case AFTER_HYPHEN -> {
                    readLine(in.readByte());
                    return Event.END;
                }
                case EPILOGUE -> in.skipBytes(in.readableBytes());
                default -> readLine(in.readByte());
            }
        }
        return Event.NEEDS_INPUT;
    }

    private void skipPreamble(ByteBuf in) {
        if (matched > 0) {
            if (goesOn(in) || !in.isReadable()) {
                return;
            }
            preambleBytes += matched - matchedFrom;
            startSearch();
        }
        int end = candidate(in);
        preambleBytes += end - in.readerIndex();
        if (preambleBytes > limits.maxPreambleBytes()) {
            throw new ViolationException(Violation.PREAMBLE_TOO_LONG);
        }
        in.readerIndex(end);
        begin(in);
    }

    /** Reads one byte of a line behind a boundary. */
    private void readLine(byte b) {
        state = switch (state) {
            case AFTER_BOUNDARY -> b == '-' ? State.AFTER_HYPHEN : padding(b, State.PADDING, State.AFTER_CR);
            case AFTER_HYPHEN -> {
                if (b != '-') {
                    throw new ViolationException(Violation.DELIMITER_LINE);
                }
                yield State.LAST_LINE;
            }
            case PADDING -> padding(b, State.PADDING, State.AFTER_CR);
            case LAST_LINE -> padding(b, State.LAST_LINE, State.LAST_CR);
            default -> {
                if (b != '\n') {
                    throw new ViolationException(Violation.LINE_END);
                }
                yield state == State.LAST_CR ? State.EPILOGUE : beginHead();
            }
        };
    }

    private State padding(byte b, State blank, State lineEnd) {
        if (b == '\r') {
            padding = 0;
            return lineEnd;
        }
        if (b == '\n') {
            throw new ViolationException(Violation.LINE_END);
        }
        if (b != ' ' && b != '\t') {
            throw new ViolationException(Violation.DELIMITER_LINE);
        }
        if (++padding > limits.maxHeadBytes()) {
            throw new ViolationException(Violation.HEAD_TOO_LONG);
        }
        return blank;
    }

    private State beginHead() {
        if (++parts > limits.maxParts()) {
            throw new ViolationException(Violation.TOO_MANY_PARTS);
        }
        return State.HEAD;
    }

    private boolean readHead(ByteBuf in) {
        while (in.isReadable()) {
            if (head.read(in.readByte())) {
                part = head.take();
                state = State.DATA;
                // The empty line may be the line break of the next boundary: a part without data (RFC 2046, body-part).
                matched = LINE_BREAK_BYTES;
                matchedFrom = LINE_BREAK_BYTES;
                return true;
            }
        }
        return false;
    }

    /** Reads data, or a delimiter. {@link Event#NEEDS_INPUT} only means that there is nothing to tell yet. */
    private Event readData(ByteBuf in) {
        if (matched > 0) {
            if (goesOn(in)) {
                return Event.PART_END;
            }
            if (!in.isReadable()) {
                return Event.NEEDS_INPUT;
            }
            data = delimiterBytes.slice(matchedFrom, matched - matchedFrom); // so it was data
            startSearch();
            if (data.isReadable()) {
                return Event.DATA;
            }
        }
        int from = in.readerIndex();
        int end = candidate(in);
        if (end == from) {
            begin(in);
            return Event.NEEDS_INPUT;
        }
        data = in.slice(from, end - from);
        in.readerIndex(end);
        return Event.DATA;
    }

    // ---- the search for the delimiter

    private void startSearch() {
        matched = 0;
        matchedFrom = 0;
    }

    /** Takes the first byte of a delimiter that may be here, if anything is. */
    private void begin(ByteBuf in) {
        if (in.isReadable()) {
            in.skipBytes(1);
            matched = 1;
        }
    }

    /** Goes on with a delimiter that has begun. Returns whether it is whole; its line is next then. */
    private boolean goesOn(ByteBuf in) {
        while (matched < delimiter.length && in.isReadable() && in.getByte(in.readerIndex()) == delimiter[matched]) {
            in.skipBytes(1);
            matched++;
        }
        boolean whole = matched == delimiter.length;
        if (whole) {
            startSearch();
            state = State.AFTER_BOUNDARY;
        }
        return whole;
    }

    /**
     * Where the first delimiter is, or what may be one as far as it is there; the end if there is none.
     *
     * <p>Horspool's search looks at one byte in as many as the delimiter has, for most data, while a search for each CR crawls through data
     * that is full of them. At worst it looks at each byte some two times: below a last byte that is right, all is given up at the first that
     * is no CR.
     */
    private int candidate(ByteBuf in) {
        int from = in.readerIndex();
        int end = in.nioBufferCount() == 1 ? in.readableBytes() : Math.min(in.readableBytes(), COPIED_BYTES);
        ByteBuffer bytes = in.nioBuffer(from, end); // whose get() is many times faster, and which no other thread uses
        int last = delimiter.length - 1;
        int at = 0;
        while (at + last < end) {
            int step = steps[bytes.get(at + last) & 0xFF];
            if (step == delimiter.length) {
                at += delimiter.length; // foreseen before the byte is there: some three times faster
            } else if (step > 0) {
                at += step;
            } else if (alike(bytes, at, last) == last) {
                return from + at;
            } else {
                at += stepOfLast;
            }
        }
        while (at < end) {
            int alike = alike(bytes, at, end - at);
            if (alike == end - at) {
                return from + at;
            }
            at += Math.max(1, alike);
        }
        return from + end;
    }

    /** How many bytes from here on are those of a delimiter, up to so many. */
    private int alike(ByteBuffer bytes, int at, int length) {
        int alike = 0;
        while (alike < length && bytes.get(at + alike) == delimiter[alike]) {
            alike++;
        }
        return alike;
    }

    /**
     * How far a delimiter can be moved on when its last byte stands below this one: until the same byte of it does. 0 for the last byte
     * itself.
     */
    private static byte[] steps(byte[] delimiter) {
        byte[] steps = new byte[256];
        Arrays.fill(steps, (byte) delimiter.length);
        for (int i = 0; i < delimiter.length; i++) {
            steps[delimiter[i] & 0xFF] = (byte) (delimiter.length - 1 - i);
        }
        return steps;
    }

    /** How far it can be moved on when its last byte does stand there, but not all of it. */
    private static int stepOfLast(byte[] delimiter) {
        int last = delimiter.length - 1;
        int before = last - 1;
        while (before >= 0 && delimiter[before] != delimiter[last]) {
            before--;
        }
        return last - before;
    }
}
