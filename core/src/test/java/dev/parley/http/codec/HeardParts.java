package dev.parley.http.codec;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;

/** What a reader tells of a body: a line for each part, {@code name|fileName|contentType=data}, and one for its end. */
final class HeardParts {
    private HeardParts() {}

    static List<String> of(String boundary, MultipartLimits limits, List<byte[]> pieces) {
        MultipartReader reader = new MultipartReader(new Boundary(boundary), limits);
        List<String> heard = new ArrayList<>();
        ByteArrayOutputStream data = new ByteArrayOutputStream();
        try {
            for (byte[] piece : pieces) {
                ByteBuf in = Unpooled.wrappedBuffer(piece);
                MultipartReader.Event event;
                while ((event = reader.next(in)) != MultipartReader.Event.NEEDS_INPUT) {
                    switch (event) {
                        case PART -> {
                            PartHead part = reader.part();
                            heard.add(part.name() + "|" + part.fileName() + "|" + part.contentType() + "=");
                        }
                        case DATA -> {
                            byte[] bytes = new byte[reader.data().readableBytes()];
                            reader.data().readBytes(bytes);
                            data.writeBytes(bytes);
                        }
                        case PART_END -> {
                            heard.add(heard.remove(heard.size() - 1) + data.toString(UTF_8));
                            data.reset();
                        }
                        default -> heard.add("end");
                    }
                }
                if (in.isReadable()) {
                    throw new AssertionError(in.readableBytes() + " bytes were not read");
                }
            }
            reader.end();
        } catch (ViolationException e) {
            heard.add("! " + e.violation());
        }
        return heard;
    }

    static List<byte[]> byteByByte(byte[] body) {
        List<byte[]> pieces = new ArrayList<>(body.length);
        for (byte b : body) {
            pieces.add(new byte[] {b});
        }
        return pieces;
    }
}
