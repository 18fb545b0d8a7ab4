package dev.parley.sse.codec;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.TooLongFrameException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class EventStreamParserTest {

    /** Parses the bytes whole, cut in two at every place, and byte by byte, which must all sound the same. */
    private static Heard heard(byte[] wire) {
        Heard whole = Heard.of(wire);
        byte[][] bytes = new byte[wire.length][];
        for (int i = 0; i < wire.length; i++) {
            bytes[i] = new byte[] {wire[i]};
            Heard cut = Heard.of(Arrays.copyOfRange(wire, 0, i), Arrays.copyOfRange(wire, i, wire.length));
            assertThat(cut).as("cut at byte %d", i).isEqualTo(whole);
        }
        assertThat(Heard.of(bytes)).as("byte by byte").isEqualTo(whole);
        return whole;
    }

    private static Heard heard(String wire) {
        return heard(wire.getBytes(UTF_8));
    }

    private static ServerSentEvent event(String name, String data) {
        return ServerSentEvent.builder().event(name).data(data).build();
    }

    @Test
    void aBlockWithAllFieldsIsHeardInItsOrder() {
        Heard heard = heard(": hello\nretry: 10\nid: 7\nevent: news\ndata: a\ndata: b\n\n");

        assertThat(heard.all())
                .containsExactly(
                        new Heard.Comment("hello"),
                        Duration.ofMillis(10),
                        new ServerSentEvent("7", "news", "a\nb", null, null));
        assertThat(heard.lastEventId()).isEqualTo("7");
    }

    @Test
    void theLastFieldOfANameCountsExceptForData() {
        assertThat(heard("id: 1\nid: 2\nevent: a\nevent: b\ndata: x\n\n").events())
                .containsExactly(new ServerSentEvent("2", "b", "x", null, null));
    }

    @Test
    void aNulInANameOrInDataIsKept() {
        assertThat(heard("event: a\0b\ndata: \0\n\n").events()).containsExactly(event("a\0b", "\0"));
    }

    @Test
    void anIdCountsOnlyWhenItsBlockIsComplete() {
        assertThat(heard("id: 1\ndata: a\n\nid: 2\ndata: b\n").lastEventId()).isEqualTo("1");
        assertThat(heard("id: 1\n").lastEventId()).isNull();
    }

    @Test
    void anIdWithoutDataSetsTheLastIdAndDispatchesNothing() {
        Heard heard = heard("id: 9\n\n");

        assertThat(heard.all()).isEmpty();
        assertThat(heard.lastEventId()).isEqualTo("9");
    }

    @Test
    void aNameWithoutDataIsForgottenAtTheEmptyLine() {
        assertThat(heard("event: a\n\ndata: x\n\n").events()).containsExactly(ServerSentEvent.of("x"));
    }

    @Test
    void theLastEventIdHoldsWhileAnEventWithoutOneIsHeard() {
        List<String> ids = new ArrayList<>();
        EventStreamParser[] parser = new EventStreamParser[1];
        parser[0] = new EventStreamParser(event -> ids.add(event.id() + " " + parser[0].lastEventId()));

        parser[0].parse(Unpooled.copiedBuffer("id: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\n", UTF_8));

        assertThat(ids).containsExactly("1 1", "null 1", " ");
    }

    @Test
    void aRetryIsHeardAtOnceAndBoundedByWhatADurationHolds() {
        assertThat(heard("retry: 99999999999999999999999\n").all()).containsExactly(Duration.ofMillis(Long.MAX_VALUE));
        assertThat(heard("retry: 9223372036854775807\n").all()).containsExactly(Duration.ofMillis(Long.MAX_VALUE));
    }

    @Test
    void aRetryOfAnythingButAsciiDigitsIsIgnored() {
        assertThat(heard("retry: +5\nretry: -5\nretry: 5 \nretry:  5\nretry: 1.5\nretry: 0x5\nretry: \u0665\nretry\n\n")
                        .all())
                .isEmpty();
    }

    @Test
    void malformedBytesBecomeAsManyReplacementCharactersAsInABrowser() {
        // Lengths by the Encoding standard: a byte that can't follow ends the sequence before it.
        assertThat(decoded("c0 80")).isEqualTo("\uFFFD\uFFFD");
        assertThat(decoded("e0 80 80")).isEqualTo("\uFFFD\uFFFD\uFFFD");
        assertThat(decoded("e2 82")).isEqualTo("\uFFFD");
        assertThat(decoded("e2 82 41")).isEqualTo("\uFFFDA");
        assertThat(decoded("e2 c3 a9")).isEqualTo("\uFFFDé");
        assertThat(decoded("ed a0 80")).isEqualTo("\uFFFD\uFFFD\uFFFD");
        assertThat(decoded("f0 80 80 80")).isEqualTo("\uFFFD\uFFFD\uFFFD\uFFFD");
        assertThat(decoded("f0 9f 92")).isEqualTo("\uFFFD");
        assertThat(decoded("f0 9f 92 f0 9f 92 a9")).isEqualTo("\uFFFD\uD83D\uDCA9");
        assertThat(decoded("f4 90 80 80")).isEqualTo("\uFFFD\uFFFD\uFFFD\uFFFD");
        assertThat(decoded("f5 ff fe 80")).isEqualTo("\uFFFD\uFFFD\uFFFD\uFFFD");
        assertThat(decoded("ef bf bd ff e2 82 ac")).isEqualTo("\uFFFD\uFFFD€");
    }

    private static String decoded(String hex) {
        ByteBuf wire = Unpooled.buffer();
        wire.writeBytes("data:".getBytes(UTF_8));
        wire.writeBytes(HexFormat.ofDelimiter(" ").parseHex(hex));
        wire.writeBytes("\n\n".getBytes(UTF_8));
        byte[] bytes = new byte[wire.readableBytes()];
        wire.readBytes(bytes);
        List<ServerSentEvent> events = heard(bytes).events();
        assertThat(events).hasSize(1);
        return String.valueOf(events.get(0).data());
    }

    @Test
    void anUnfinishedCharacterDoesNotSwallowTheLineEnd() {
        byte[] wire = HexFormat.of().parseHex("646174613a" + "f09f" + "0d" + "646174613a62" + "0a0a");

        assertThat(heard(wire).data()).containsExactly("\uFFFD\nb");
    }

    @Test
    void aLineOverTheLimitIsRefusedHoweverItIsCut() {
        for (int cut = 0; cut < 9; cut++) {
            EventStreamParser parser = new EventStreamParser(event -> {}, 8, 100);
            ByteBuf wire = Unpooled.copiedBuffer("data:1234", UTF_8);
            ByteBuf head = wire.readSlice(cut);
            assertThatThrownBy(() -> {
                        parser.parse(head);
                        parser.parse(wire);
                    })
                    .isInstanceOf(TooLongFrameException.class)
                    .hasMessage("line: too long (expected: at most 8 bytes, maxLineBytes)");
            assertThatIllegalStateException().isThrownBy(() -> parser.parse(Unpooled.EMPTY_BUFFER));
        }
    }

    @Test
    void aLineAtTheLimitPasses() {
        List<ServerSentEvent> events = new ArrayList<>();
        EventStreamParser parser = new EventStreamParser(events::add, 8, 100);

        parser.parse(Unpooled.copiedBuffer("data:123\r\n\r\n", UTF_8));

        assertThat(events).containsExactly(ServerSentEvent.of("123"));
    }

    @Test
    void anEventOverTheLimitIsRefusedAndTheNextOneCountsFromZero() {
        List<ServerSentEvent> events = new ArrayList<>();
        EventStreamParser parser = new EventStreamParser(events::add, 100, 12);
        parser.parse(Unpooled.copiedBuffer("data:1\ndata:2\n\ndata:3\n:a comment is not counted\ndata:4\n\n", UTF_8));

        assertThatThrownBy(() -> parser.parse(Unpooled.copiedBuffer("data:1\ndata:23\n", UTF_8)))
                .isInstanceOf(TooLongFrameException.class)
                .hasMessage("event: too long (expected: at most 12 bytes, maxEventBytes)");
        assertThat(events).containsExactly(ServerSentEvent.of("1\n2"), ServerSentEvent.of("3\n4"));
    }

    @Test
    void aLimitMustLetSomethingPass() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new EventStreamParser(event -> {}, 0, 1))
                .withMessage("maxLineBytes: 0 (expected: >= 1)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new EventStreamParser(event -> {}, 1, -1))
                .withMessage("maxEventBytes: -1 (expected: >= 1)");
    }

    @Test
    void afterAListenerThrewTheRestOfTheChunkCanBeRead() {
        List<String> heard = new ArrayList<>();
        EventStreamParser parser = new EventStreamParser(event -> {
            heard.add(String.valueOf(event.data()));
            if (heard.size() == 1) {
                throw new IllegalStateException("first");
            }
        });
        ByteBuf chunk = Unpooled.copiedBuffer("data: a\r\n\r\ndata: b\r\n\r\n", UTF_8);

        assertThatIllegalStateException().isThrownBy(() -> parser.parse(chunk)).withMessage("first");
        parser.parse(chunk);

        assertThat(heard).containsExactly("a", "b");
    }

    @Test
    void theChunkStaysTheCallers() {
        EventStreamParser parser = new EventStreamParser(event -> {});
        ByteBuf chunk = Unpooled.directBuffer().writeBytes("data: a".getBytes(UTF_8));

        parser.parse(chunk);

        assertThat(chunk.refCnt()).isEqualTo(1);
        assertThat(chunk.release()).isTrue();
    }

    /** The intents of the web platform tests eventsource/format-*, in their order. */
    @Nested
    class WebPlatform {

        @Test
        void formatBom() {
            assertThat(heard("\uFEFFdata:1\n\n\uFEFFdata:2\n\ndata:3\n\n").data())
                    .containsExactly("1", "3");
        }

        @Test
        void formatBom2() {
            assertThat(heard("\uFEFF\uFEFFdata:1\n\ndata:2\n\ndata:3\n\n").data())
                    .containsExactly("2", "3");
        }

        @Test
        void aBomAlone() {
            assertThat(heard("\uFEFF").all()).isEmpty();
            assertThat(heard("\uFEFF\n\uFEFFdata:1\n\ndata:2\n\n").data()).containsExactly("2");
        }

        @Test
        void formatComments() {
            String longText = "x".repeat(2048);
            Heard heard = Heard.of(
                    ("data:1\r:\0\n:\r\ndata:2\n:" + longText + "\rdata:3\n:data:fail\r:" + longText + "\ndata:4\n\n")
                            .getBytes(UTF_8));

            assertThat(heard.data()).containsExactly("1\n2\n3\n4");
            assertThat(heard.all().subList(0, 5))
                    .containsExactly(
                            new Heard.Comment("\0"),
                            new Heard.Comment(""),
                            new Heard.Comment(longText),
                            new Heard.Comment("data:fail"),
                            new Heard.Comment(longText));
        }

        @Test
        void formatDataBeforeFinalEmptyLine() {
            Heard heard = heard("retry:1000\ndata:test1\n\nid:test\ndata:test2");

            assertThat(heard.all()).containsExactly(Duration.ofSeconds(1), ServerSentEvent.of("test1"));
            assertThat(heard.lastEventId()).isNull();
        }

        @Test
        void formatFieldData() {
            assertThat(heard("data:\n\ndata\ndata\n\ndata:test\n\n").data()).containsExactly("", "\n", "test");
        }

        @Test
        void formatFieldEvent() {
            assertThat(heard("event:test\ndata:x\n\ndata:x\n\n").events())
                    .containsExactly(event("test", "x"), ServerSentEvent.of("x"));
        }

        @Test
        void formatFieldEventEmpty() {
            assertThat(heard("event: \ndata:data\n\n").events()).containsExactly(ServerSentEvent.of("data"));
        }

        @Test
        void formatFieldId() {
            assertThat(heard("id:\u2026\ndata:x\n\n").lastEventId()).isEqualTo("\u2026");
        }

        @Test
        void formatFieldId2() {
            Heard heard = heard("id: 1\ndata: a\n\ndata: b\n\n");

            assertThat(heard.lastEventId()).isEqualTo("1");
        }

        @Test
        void formatFieldId3() {
            assertThat(heard("id: 1\ndata: a\n\nid\ndata: b\n\n").lastEventId()).isEmpty();
        }

        @Test
        void formatFieldIdNull() {
            for (String id : List.of("\0\0", "x\0", "\0x", "x\0x", " \0")) {
                Heard heard = heard("id: 1\n\nid:" + id + "\ndata: x\n\n");

                assertThat(heard.events()).containsExactly(ServerSentEvent.of("x"));
                assertThat(heard.lastEventId()).isEqualTo("1");
            }
        }

        @Test
        void formatFieldParsing() {
            String first = "data:\0\ndata:  2\rData:1\ndata\0:2\ndata:1\r\0data:4\nda-ta:3\r";
            String second = "data_5\ndata:3\rdata:\r\n data:32\ndata:4\n\n";

            assertThat(heard(first + second).data()).containsExactly("\0\n 2\n1\n3\n\n4");
        }

        @Test
        void formatFieldRetry() {
            assertThat(heard("retry:03000\ndata:x\n\n").all()).contains(Duration.ofSeconds(3));
        }

        @Test
        void formatFieldRetryBogus() {
            assertThat(heard("retry:3000\nretry:1000x\ndata:x\n\n").all())
                    .containsExactly(Duration.ofSeconds(3), ServerSentEvent.of("x"));
        }

        @Test
        void formatFieldRetryEmpty() {
            assertThat(heard("retry\ndata:test\n\n").all()).containsExactly(ServerSentEvent.of("test"));
        }

        @Test
        void formatFieldUnknown() {
            assertThat(heard("""
                            data:test
                             data
                            data
                            foobar:xxx
                            justsometext
                            :thisisacommentyay
                            data:test

                            """).data()).containsExactly("test\n\ntest");
        }

        @Test
        void formatLeadingSpace() {
            assertThat(heard("data:\ttest\rdata: \ndata:test\n\n").data()).containsExactly("\ttest\n\ntest");
        }

        @Test
        void formatNewlines() {
            assertThat(heard("data:test\r\ndata\ndata:test\r\n\r").data()).containsExactly("test\n\ntest");
        }

        @Test
        void formatNullCharacter() {
            assertThat(heard("data:\0\n\n\n\n").data()).containsExactly("\0");
        }

        @Test
        void formatUtf8() {
            assertThat(heard("data:ok\u2026\uD83D\uDE00\n\n").data()).containsExactly("ok\u2026\uD83D\uDE00");
        }
    }
}
