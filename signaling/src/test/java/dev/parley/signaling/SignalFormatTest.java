package dev.parley.signaling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.websocket.MessageException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/** What signals are read from and written as; {@link SignalSchemaTest} has which members they have. */
class SignalFormatTest {
    private static ClientSignal read(String json) {
        return SignalFormat.read(SignalFormat.tree(json));
    }

    private static void assertRefused(String json, String code, String message) {
        assertThatThrownBy(() -> read(json))
                .isInstanceOfSatisfying(
                        MessageException.class, e -> assertThat(e.code()).isEqualTo(code))
                .hasMessage(message);
    }

    // ---- what is no message

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{",
                "null",
                "7",
                "[]",
                "\"leave\"",
                "{\"type\":\"leave\"} {}",
                "{\"type\":\"leave\",\"type\":\"ack\"}",
                "{'type':'leave'}",
                "{\"type\":\"leave\",}",
                "{\"type\":\"lea\u0001ve\"}",
                "{\"type\":NaN}"
            })
    void whatIsNoJsonObjectIsInvalidJson(String text) {
        assertThatThrownBy(() -> SignalFormat.tree(text))
                .isInstanceOfSatisfying(
                        MessageException.class, e -> assertThat(e.code()).isEqualTo("invalid_json"));
    }

    @Test
    void jsonIsAtMost32LevelsDeep() {
        assertThat(read(nested(30))).isInstanceOf(ClientSignal.Message.class);
        assertRefused(
                nested(31),
                "invalid_json",
                "message: not taken (expected: one JSON object, each name once, at most 32 levels)");
    }

    private static String nested(int levels) {
        return "{\"type\":\"message\",\"payload\":{\"data\":" + "[".repeat(levels) + "]".repeat(levels) + "}}";
    }

    @ParameterizedTest
    @ValueSource(strings = {"{}", "{\"type\":null}", "{\"type\":1}", "{\"type\":{}}", "{\"payload\":{}}"})
    void aMessageHasAType(String json) {
        assertRefused(json, "invalid_message", "type: missing (expected: a text)");
    }

    @ParameterizedTest
    @ValueSource(strings = {"Join", "welcome", "error", "closeRoom", "", "join "})
    void anotherTypeIsUnknown(String type) {
        assertRefused("{\"type\":\"" + type + "\"}", "unknown_type", "type: " + type);
    }

    @Test
    void anUnknownTypeIsNotRepeatedWhole() {
        assertRefused("{\"type\":\"" + "x".repeat(10_000) + "\"}", "unknown_type", "type: " + "x".repeat(64) + "…");
    }

    // ---- ids

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{}                                  | null",
                "{\"id\":null}                       | null",
                "{\"id\":0}                          | 0",
                "{\"id\":-9223372036854775808}       | -9223372036854775808",
                "{\"id\":9223372036854775807}        | 9223372036854775807",
                "{\"id\":\"\"}                       | ''",
                "{\"id\":\"a \\\"b\\\"\"}            | a \"b\"",
            })
    void anIdIsAWholeNumberOrAText(String json, String id) {
        assertThat(String.valueOf(SignalFormat.id(SignalFormat.tree(json)))).isEqualTo(id);
    }

    @ParameterizedTest
    @ValueSource(strings = {"1.5", "9223372036854775808", "true", "[]", "{}", "1e3"})
    void anIdIsNothingElse(String id) {
        assertThatThrownBy(() -> SignalFormat.id(SignalFormat.tree("{\"id\":" + id + "}")))
                .isInstanceOfSatisfying(
                        MessageException.class, e -> assertThat(e.code()).isEqualTo("invalid_message"));
    }

    @Test
    void anIdHasAtMost128Characters() {
        assertThat(SignalFormat.id(SignalFormat.tree("{\"id\":\"" + "x".repeat(128) + "\"}")))
                .isEqualTo("x".repeat(128));
        assertThatThrownBy(() -> SignalFormat.id(SignalFormat.tree("{\"id\":\"" + "x".repeat(129) + "\"}")))
                .hasMessageContaining("at most 128 characters");
    }

    // ---- lengths and ranges

    private static Arguments text(String type, String member, String others, int least, int most) {
        return Arguments.of(type, member, others, least, most);
    }

    static Stream<Arguments> texts() {
        String sdp = "\"sdp\":\"v=0\"";
        return Stream.of(
                text("join", "room", "", 1, 128),
                text("join", "name", "\"room\":\"team\"", 0, 64),
                text("join", "token", "\"room\":\"team\"", 0, 8192),
                text("resume", "session", "\"seen\":0", 1, 64),
                text("offer", "to", sdp, 1, 64),
                text("answer", "to", sdp, 1, 64),
                text("candidate", "to", "\"candidate\":\"\"", 1, 64),
                text("restart", "to", "", 1, 64),
                text("message", "to", "\"data\":0", 0, 64),
                text("update", "name", "", 0, 64),
                text("admit", "peer", "", 1, 64),
                text("evict", "peer", "", 1, 64),
                text("evict", "reason", "\"peer\":\"a\"", 0, 256));
    }

    @ParameterizedTest
    @MethodSource("texts")
    void textsHaveTheirLengths(String type, String member, String others, int least, int most) {
        assertThat(read(with(type, member, "x".repeat(least), others))).isNotNull();
        assertThat(read(with(type, member, "x".repeat(most), others))).isNotNull();
        String expected = member + ": not taken (expected: a text of " + least + " to " + most + " characters)";
        assertRefused(with(type, member, "x".repeat(most + 1), others), "invalid_payload", expected);
        if (least > 0) {
            assertRefused(with(type, member, "", others), "invalid_payload", expected);
        }
    }

    private static String with(String type, String member, String value, String others) {
        return "{\"type\":\"" + type + "\",\"payload\":{\"" + member + "\":\"" + value + "\""
                + (others.isEmpty() ? "" : "," + others) + "}}";
    }

    @ParameterizedTest
    @CsvSource({
        "resume, seen, 9223372036854775807",
        "ack, seq, 9223372036854775807",
        "offer, generation, 2147483647",
        "answer, generation, 2147483647",
        "candidate, generation, 2147483647",
        "candidate, sdpMLineIndex, 65535"
    })
    void numbersHaveTheirRanges(String type, String member, String most) {
        String others = switch (type) {
            case "resume" -> "\"session\":\"s\",";
            case "ack" -> "";
            case "candidate" -> "\"to\":\"a\",\"candidate\":\"\",";
            default -> "\"to\":\"a\",\"sdp\":\"v=0\",";
        };
        String start = "{\"type\":\"" + type + "\",\"payload\":{" + others + "\"" + member + "\":";
        String beyond = new BigInteger(most).add(BigInteger.ONE).toString();
        assertThat(read(start + most + "}}").toString()).contains(member + "=" + most);
        for (String value : new String[] {beyond, "-1", "0.5", "\"0\"", "1e9", "true"}) {
            assertRefused(
                    start + value + "}}",
                    "invalid_payload",
                    member + ": not taken (expected: a whole number of 0 to " + most + ")");
        }
    }

    @Test
    void aPayloadThatIsNoObjectHasNoMembers() {
        for (String payload : new String[] {"null", "1", "[]", "\"room\""}) {
            assertRefused(
                    "{\"type\":\"join\",\"payload\":" + payload + "}",
                    "invalid_payload",
                    "room: not taken (expected: a text of 1 to 128 characters)");
        }
        assertThat(read("{\"type\":\"leave\",\"payload\":[]}")).isEqualTo(new ClientSignal.Leave());
    }

    @Test
    void whatIsMissingHasItsDefault() {
        assertThat(read("{\"type\":\"join\",\"payload\":{\"room\":\"team\"}}"))
                .isEqualTo(new ClientSignal.Join("team", "", JsonNodeFactory.instance.objectNode(), null));
        assertThat(read("{\"type\":\"offer\",\"payload\":{\"to\":\"a\",\"sdp\":\"v=0\",\"from\":\"b\"}}"))
                .isEqualTo(new ClientSignal.Offer("a", "v=0", 0));
        assertThat(read("{\"type\":\"evict\",\"payload\":{\"peer\":\"a\"}}"))
                .isEqualTo(new ClientSignal.Evict("a", ""));
        assertThat(read("{\"type\":\"update\"}")).isEqualTo(new ClientSignal.Update(null, null));
    }

    // ---- odd texts

    @ParameterizedTest
    @ValueSource(
            strings = {"\\u0000", "\\n", "\\u007f", "\\u0085", "\\u2028", "\\u2029", "\\u202e", "\\u2066", "\\ud83d", "\\ude00"
            })
    void namesHaveNothingThatBreaksALineOrTurnsATextRound(String escaped) {
        assertRefused(
                with("join", "room", "a" + escaped + "b", ""),
                "invalid_payload",
                "room: not taken (expected: no control characters)");
        assertRefused(
                with("join", "name", "a" + escaped, "\"room\":\"team\""),
                "invalid_payload",
                "name: not taken (expected: no control characters)");
        assertRefused(
                with("update", "name", escaped, ""),
                "invalid_payload",
                "name: not taken (expected: no control characters)");
    }

    @ParameterizedTest
    @ValueSource(strings = {"é", "小麦", "\ud83d\ude00", "a\u00a0b", "\"", "\\", "</script>", "'"})
    void namesAreAnythingElse(String name) {
        String json = "{\"type\":\"update\",\"payload\":" + SignalFormat.MAPPER.writeValueAsString(Map.of("name", name)) + "}";

        assertThat(read(json)).isEqualTo(new ClientSignal.Update(name, null));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"",
                "\\",
                "\n\r\t\b\f",
                "\u0000\u001f\u007f",
                "\u2028\u2029",
                "\ud83d\ude00",
                "\u202eabc",
                "</script>",
                "\"},\"seq\":9,\"x\":{\"",
                "\ufeff\ufffe\uffff"
            })
    void whatAPeerSaysIsToldAsItWasSaid(String text) {
        JsonNode data = JsonNodeFactory.instance.objectNode().put(text, text);
        String said = "{\"type\":\"message\",\"payload\":{\"data\":" + data + "}}";
        ClientSignal.Message read = (ClientSignal.Message) read(said);
        assertThat(read.data()).isEqualTo(data);

        String told = SignalFormat.with(SignalFormat.write(new ServerSignal.Message("a", read.data())), 3, text);
        String wire = new String(told.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
        JsonNode heard = SignalFormat.tree(wire);
        assertThat(heard.at("/payload/data")).isEqualTo(data);
        assertThat(heard.path("seq").longValue()).isEqualTo(3);
        assertThat(heard.path("id").stringValue()).isEqualTo(text);
    }

    /** A half of a pair of surrogates is no character; UTF-8 has no form for it. */
    @Test
    void halfACharacterBecomesAQuestionMarkAndHarmsNothingElse() {
        ClientSignal.Message read = (ClientSignal.Message)
                read("{\"type\":\"message\",\"payload\":{\"data\":[\"\\ud83d\",\"b\\ude00c\",\"\\ud83d\\ude00\"]}}");

        String told = SignalFormat.write(new ServerSignal.Message("a", read.data()));
        JsonNode heard = SignalFormat.tree(new String(told.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8));

        assertThat(heard.at("/payload/data")).hasToString("[\"?\",\"b?c\",\"\ud83d\ude00\"]");
    }

    @Test
    void numbersAreToldAsTheyWereSaid() {
        String numbers = "[0,-1,12345678901234567890123456789,0.1,1.10,1E+400,9007199254740993]";
        ClientSignal.Message read =
                (ClientSignal.Message) read("{\"type\":\"message\",\"payload\":{\"data\":" + numbers + "}}");

        assertThat(SignalFormat.write(new ServerSignal.Message(null, read.data())))
                .isEqualTo("{\"type\":\"message\",\"payload\":{\"data\":" + numbers + "}}");
    }
}
