package dev.parley.websocket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What payloads may be, and what is said of those that may not. */
class PayloadTest {
    enum Color {
        RED,
        GREEN
    }

    record Login(String user, int age) {}

    record Point(double x, Double y) {}

    record Order(Login by, List<Login> others, Map<String, Integer> counts) {}

    record Loose(
            Optional<String> name,
            OptionalInt age,
            @Nullable String nick,
            Optional<Login> login) {}

    record Paint(Color color) {}

    record Numbers(long whole, BigInteger big, BigDecimal exact, byte small, boolean yes) {}

    record Empty() {}

    record Positive(int value) {
        Positive {
            if (value < 0) {
                throw new IllegalArgumentException("secret " + value);
            }
        }
    }

    record Even(int value) {
        Even {
            if (value % 2 != 0) {
                throw new MessageException("odd", "payload.value: odd (expected: even)");
            }
        }
    }

    private static <T> T read(Class<T> type, String payload) {
        return Json.payload(Json.tree("{\"type\":\"t\",\"payload\":" + payload + "}"), type);
    }

    private static void refused(Class<?> type, String payload, String message) {
        assertThatExceptionOfType(MessageException.class)
                .isThrownBy(() -> read(type, payload))
                .satisfies(e -> assertThat(e.code()).isEqualTo(MessageException.INVALID_PAYLOAD))
                .withMessage(message);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {"user":"Ann"}                | payload.age: missing (expected: a whole number of 32 bits)
            {"age":3}                     | payload.user: missing (expected: a text)
            {}                            | payload.user: missing (expected: a text)
            {"user":null,"age":3}         | payload.user: null (expected: a text)
            {"user":"Ann","age":null}     | payload.age: null (expected: a whole number of 32 bits)
            {"user":"Ann","age":"three"}  | payload.age: a text (expected: a whole number of 32 bits)
            {"user":"Ann","age":""}       | payload.age: a text (expected: a whole number of 32 bits)
            {"user":"Ann","age":" "}      | payload.age: a text (expected: a whole number of 32 bits)
            {"user":"Ann","age":[3]}      | payload.age: a list (expected: a whole number of 32 bits)
            {"user":"Ann","age":{}}       | payload.age: an object (expected: a whole number of 32 bits)
            {"user":"Ann","age":true}     | payload.age: true (expected: a whole number of 32 bits)
            {"user":"Ann","age":3.5}      | payload.age: a number (expected: a whole number of 32 bits)
            {"user":"Ann","age":3e9}      | payload.age: a number (expected: a whole number of 32 bits)
            {"user":"Ann","age":99999999999999999999} | payload.age: a number (expected: a whole number of 32 bits)
            {"user":{},"age":3}           | payload.user: an object (expected: a text)
            {"user":["Ann"],"age":3}      | payload.user: a list (expected: a text)
            []                            | payload: a list (expected: an object)
            "Ann"                         | payload: a text (expected: an object)
            ""                            | payload: a text (expected: an object)
            3                             | payload: a number (expected: an object)
            null                          | payload: null (expected: an object)
            """)
    void whatIsWrongIsNamed(String payload, String message) {
        refused(Login.class, payload, message);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {"by":{"user":"a"},"others":[],"counts":{}} | payload.by.age: missing (expected: a whole number of 32 bits)
            {"by":{"user":"a","age":1},"others":[{"user":"a","age":1},{"age":1}],"counts":{}} | payload.others[1].user: missing (expected: a text)
            {"by":{"user":"a","age":1},"others":{},"counts":{}} | payload.others: an object (expected: a list)
            {"by":{"user":"a","age":1},"others":[],"counts":{"x":"y"}} | payload.counts.x: a text (expected: a whole number of 32 bits)
            {"by":7,"others":[],"counts":{}} | payload.by: a number (expected: an object)
            """)
    void whatIsWrongDeepInsideIsNamedWithItsPath(String payload, String message) {
        refused(Order.class, payload, message);
    }

    @Test
    void aValueOfAnEnumIsOneOfItsNames() {
        assertThat(read(Paint.class, "{\"color\":\"RED\"}")).isEqualTo(new Paint(Color.RED));
        refused(Paint.class, "{\"color\":\"blue\"}", "payload.color: a text (expected: one of RED, GREEN)");
        refused(Paint.class, "{\"color\":0}", "payload.color: a number (expected: one of RED, GREEN)");
    }

    @Test
    void optionalAndNullableComponentsMayBeMissingOrNull() {
        Loose none = new Loose(Optional.empty(), OptionalInt.empty(), null, Optional.empty());

        assertThat(read(Loose.class, "{}")).isEqualTo(none);
        assertThat(read(Loose.class, "{\"name\":null,\"age\":null,\"nick\":null,\"login\":null}"))
                .isEqualTo(none);
        assertThat(read(Loose.class, "{\"name\":\"a\",\"age\":1,\"nick\":\"b\",\"login\":{\"user\":\"c\",\"age\":2}}"))
                .isEqualTo(new Loose(Optional.of("a"), OptionalInt.of(1), "b", Optional.of(new Login("c", 2))));
    }

    @Test
    void numbersKeepTheirValue() {
        String payload = """
                {"whole":9223372036854775807,"big":123456789012345678901234567890,
                 "exact":0.1000000000000000000000000001,"small":-128,"yes":true}""";

        assertThat(read(Numbers.class, payload))
                .isEqualTo(new Numbers(
                        Long.MAX_VALUE,
                        new BigInteger("123456789012345678901234567890"),
                        new BigDecimal("0.1000000000000000000000000001"),
                        (byte) -128,
                        true));
    }

    @ParameterizedTest
    @ValueSource(strings = {"1e400", "-1e400"})
    void numbersThatDoNotFitAreRefused(String number) {
        refused(Point.class, "{\"x\":" + number + ",\"y\":1}", "payload.x: a number (expected: a number that fits)");
        refused(Point.class, "{\"x\":1,\"y\":" + number + "}", "payload.y: a number (expected: a number that fits)");
    }

    @Test
    void aTextThatIsANumberIsTakenAsOne() {
        assertThat(read(Login.class, "{\"user\":\"Ann\",\"age\":\"23\"}")).isEqualTo(new Login("Ann", 23));
    }

    @Test
    void whatARecordDoesNotHaveIsPassedOver() {
        assertThat(read(Login.class, "{\"user\":\"Ann\",\"age\":23,\"more\":[1]}"))
                .isEqualTo(new Login("Ann", 23));
    }

    @Test
    void aPayloadThatIsLeftOutIsAnObjectWithoutMembers() {
        var message = Json.tree("{\"type\":\"t\"}");

        assertThat(Json.payload(message, Empty.class)).isEqualTo(new Empty());
        assertThatExceptionOfType(MessageException.class)
                .isThrownBy(() -> Json.payload(message, Login.class))
                .withMessage("payload.user: missing (expected: a text)");
        assertThatExceptionOfType(MessageException.class)
                .isThrownBy(() -> Json.payload(message, String.class))
                .withMessage("payload: missing (expected: a text)");
    }

    @Test
    void whatAConstructorThrowsIsNotTold() {
        refused(Positive.class, "{\"value\":-1}", "payload: an object (expected: valid values)");
    }

    @Test
    void whatAConstructorThrowsForTheClientIsTold() {
        assertThatExceptionOfType(MessageException.class)
                .isThrownBy(() -> read(Even.class, "{\"value\":1}"))
                .withMessage("payload.value: odd (expected: even)")
                .satisfies(e -> assertThat(e.code()).isEqualTo("odd"));
    }

    @Test
    void aLongPathIsCut() {
        String name = "x".repeat(300);

        refused(
                Order.class,
                "{\"by\":{\"user\":\"a\",\"age\":1},\"others\":[],\"counts\":{\"" + name + "\":\"y\"}}",
                "payload.counts." + "x".repeat(185) + "…: a text (expected: a whole number of 32 bits)");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "{",
                "}",
                "nul",
                "{\"a\":1}{}",
                "{\"a\":1} x",
                "{\"a\":1,}",
                "{'a':1}",
                "{a:1}",
                "{\"a\":NaN}",
                "{\"a\":01}",
                "{\"a\":\"\u0001\"}",
                "{\"a\":1,\"a\":2}",
                "{\"p\":{\"a\":1,\"a\":2}}",
                "// no\n{}"
            })
    void whatIsNotOneJsonValueWithEachNameOnceIsRefused(String text) {
        assertThatExceptionOfType(MessageException.class)
                .isThrownBy(() -> {
                    if (!Json.tree(text).isObject()) {
                        throw new MessageException(MessageException.INVALID_JSON, "no object");
                    }
                })
                .satisfies(e -> assertThat(e.code()).isEqualTo(MessageException.INVALID_JSON));
    }

    @Test
    void thePlaceIsToldWhereItIsNotJson() {
        assertThatExceptionOfType(MessageException.class)
                .isThrownBy(() -> Json.tree("{\"type\":\"login\",\n \"secret\":oops}"))
                .withMessage("line 2, column 11: not taken (expected: one JSON object, each name once)");
    }

    @Test
    void depthIsBounded() {
        int inside = Json.MAX_DEPTH - 1;

        assertThat(Json.tree("{\"a\":" + "[".repeat(inside) + "]".repeat(inside) + "}"))
                .isNotNull();
        assertThatExceptionOfType(MessageException.class)
                .isThrownBy(() -> Json.tree("{\"a\":" + "[".repeat(inside + 1) + "]".repeat(inside + 1) + "}"))
                .withMessage("message: too much (expected: 64 levels at most, numbers of 1000 digits at most)");
    }

    @Test
    void anExponentBeyondAllLimitsIsNoNumber() {
        assertThatExceptionOfType(MessageException.class)
                .isThrownBy(() -> Json.tree("{\"a\":1e99999999999}"))
                .withMessage("message: a number is not taken (expected: of a size)");
    }

    @Test
    void digitsAreBounded() {
        assertThatExceptionOfType(MessageException.class)
                .isThrownBy(() -> Json.tree("{\"a\":" + "1".repeat(1001) + "}"))
                .withMessage("message: too much (expected: 64 levels at most, numbers of 1000 digits at most)");
    }

    @Test
    void anUnpairedSurrogateIsWrittenAsAQuestionMark() {
        assertThat(Json.message("t", 1L, "a\ud800b"))
                .asString()
                .isEqualTo("{\"type\":\"t\",\"id\":1,\"payload\":\"a?b\"}");
    }
}
