package dev.parley.websocket.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DeflateAgreementTest {
    private static final String NONE = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

    private static Optional<String> answer(DeflateSettings settings, String... lines) {
        return DeflateAgreement.negotiate(List.of(lines), settings).map(DeflateAgreement::headerValue);
    }

    private static Optional<String> answer(String... lines) {
        return answer(DeflateSettings.withoutTakeover(), lines);
    }

    private static DeflateSettings takeover(long bytes) {
        return DeflateSettings.withTakeover(new MemoryBudget(bytes));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "permessage-deflate",
                "permessage-deflate; client_max_window_bits",
                "permessage-deflate;client_max_window_bits=8",
                "permessage-deflate;client_max_window_bits=15",
                "permessage-deflate;client_max_window_bits=\"9\"",
                "permessage-deflate; server_no_context_takeover",
                "permessage-deflate; client_no_context_takeover",
                "permessage-deflate; client_no_context_takeover; server_no_context_takeover; client_max_window_bits",
                " \tpermessage-deflate\t;\tserver_no_context_takeover ",
                "permessage-deflate ; client_max_window_bits = 10",
                ",, permessage-deflate ,",
                "permessage-deflate, permessage-deflate; server_max_window_bits=9",
                "x-webkit-deflate-frame, permessage-deflate",
                "mux; max-channels=4; flow-control, permessage-deflate",
                "x; name=\"a, permessage-deflate; b\", permessage-deflate",
                "x; name=\"a \\\" permessage-deflate; server_max_window_bits=9\", permessage-deflate",
                "permessage-deflate; unknown, permessage-deflate",
                "permessage-deflate; server_max_window_bits=16, permessage-deflate",
                "permessage-bzip2, permessage-deflate; unknown=1, permessage-deflate; client_no_context_takeover"
            })
    void validOffersGetNoTakeover(String offers) {
        assertThat(answer(offers)).contains(NONE);
    }

    @ParameterizedTest
    @ValueSource(ints = {8, 9, 10, 11, 12, 13, 14, 15})
    void windowsOfTheServerAreAnsweredAsAsked(int bits) {
        String expected = NONE + "; server_max_window_bits=" + bits;

        assertThat(answer("permessage-deflate; server_max_window_bits=" + bits)).contains(expected);
        assertThat(answer("permessage-deflate; server_max_window_bits=\"" + bits + '"'))
                .contains(expected);
        assertThat(answer("permessage-deflate; client_max_window_bits=12; server_max_window_bits=" + bits))
                .contains(expected);
        assertThat(DeflateAgreement.negotiate(
                                List.of("permessage-deflate; server_max_window_bits=" + bits),
                                DeflateSettings.withoutTakeover())
                        .orElseThrow()
                        .serverMaxWindowBits())
                .isEqualTo(bits);
    }

    @Test
    void anEscapedValueIsWhatItStandsFor() {
        assertThat(answer("permessage-deflate; server_max_window_bits=\"1\\0\""))
                .contains(NONE + "; server_max_window_bits=10");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ",",
                "permessage-bzip2",
                "permessage-deflate2",
                "Permessage-Deflate",
                "permessage-deflate; unknown",
                "permessage-deflate; unknown=1",
                "permessage-deflate; Server_No_Context_Takeover",
                "permessage-deflate; server_no_context_takeover=1",
                "permessage-deflate; server_no_context_takeover=true",
                "permessage-deflate; server_no_context_takeover=\"\"",
                "permessage-deflate; client_no_context_takeover=1",
                "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
                "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
                "permessage-deflate; server_max_window_bits=10; server_max_window_bits=10",
                "permessage-deflate; server_max_window_bits=10; server_max_window_bits=11",
                "permessage-deflate; client_max_window_bits; client_max_window_bits=10",
                "permessage-deflate; server_max_window_bits",
                "permessage-deflate; server_max_window_bits=7",
                "permessage-deflate; server_max_window_bits=16",
                "permessage-deflate; server_max_window_bits=0",
                "permessage-deflate; server_max_window_bits=-9",
                "permessage-deflate; server_max_window_bits=+9",
                "permessage-deflate; server_max_window_bits=09",
                "permessage-deflate; server_max_window_bits=010",
                "permessage-deflate; server_max_window_bits=9.0",
                "permessage-deflate; server_max_window_bits=0x9",
                "permessage-deflate; server_max_window_bits=99999999999",
                "permessage-deflate; server_max_window_bits=x",
                "permessage-deflate; server_max_window_bits=\"\"",
                "permessage-deflate; server_max_window_bits=\" 9\"",
                "permessage-deflate; server_max_window_bits=\u0661\u0660",
                "permessage-deflate; client_max_window_bits=7",
                "permessage-deflate; client_max_window_bits=16",
                "permessage-deflate; client_max_window_bits=08",
                "permessage-deflate; client_max_window_bits=\"\"",
                "permessage-deflate; client_max_window_bits=x"
            })
    void otherOffersAreDeclined(String offers) {
        assertThat(answer(offers)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "permessage-deflate;",
                "permessage-deflate; ;client_max_window_bits",
                "permessage-deflate; =1",
                "permessage-deflate; client_max_window_bits=",
                "permessage-deflate; client_max_window_bits=1 5",
                "permessage-deflate client_max_window_bits",
                "permessage-deflate; server_max_window_bits=\"9",
                "permessage-deflate; server_max_window_bits=\"9\\",
                "permessage-deflate; server_max_window_bits=\"9\"9",
                "permessage-deflate; a=b=c",
                "permessage-deflate, \"x\"",
                "permessage-deflate, (",
                "permessage-deflate, ; x",
                "(permessage-deflate)",
                "=",
                "permessage-deflat\u00e9, permessage-deflate"
            })
    void malformedFieldsGetNothing(String line) {
        assertThat(answer(line)).isEmpty();
        assertThat(answer("permessage-deflate", line)).isEmpty();
        assertThat(answer(line, "permessage-deflate")).isEmpty();
    }

    @Test
    void linesAreOneList() {
        assertThat(answer()).isEmpty();
        assertThat(answer("x", "permessage-deflate")).contains(NONE);
        assertThat(answer("permessage-deflate; server_max_window_bits=12", "permessage-deflate"))
                .contains(NONE + "; server_max_window_bits=12");
        assertThat(answer("permessage-deflate; server_max_window_bits=1", "", "permessage-deflate"))
                .contains(NONE);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            permessage-deflate                                                       | permessage-deflate
            permessage-deflate; client_max_window_bits                               | permessage-deflate
            permessage-deflate; server_max_window_bits=15                            | permessage-deflate; server_max_window_bits=15
            permessage-deflate; server_max_window_bits=8; client_max_window_bits=9   | permessage-deflate; server_max_window_bits=8
            permessage-deflate; server_no_context_takeover                           | permessage-deflate; server_no_context_takeover
            permessage-deflate; client_no_context_takeover                           | permessage-deflate; client_no_context_takeover
            permessage-deflate; client_no_context_takeover; server_max_window_bits=9 | permessage-deflate; client_no_context_takeover; server_max_window_bits=9
            permessage-deflate; client_no_context_takeover; server_no_context_takeover | permessage-deflate; server_no_context_takeover; client_no_context_takeover
            """)
    void takeoverIsAnsweredWhereBothSidesWantIt(String offer, String answer) {
        assertThat(answer(takeover(Long.MAX_VALUE), offer)).contains(answer);
    }

    @Test
    void takeoverIsCountedUntilTheAgreementIsClosed() {
        MemoryBudget budget = new MemoryBudget(2 * MessageDeflater.OWN_BYTES + 2 * MessageInflater.OWN_BYTES - 1);
        DeflateSettings settings = DeflateSettings.withTakeover(budget);
        List<String> offer = List.of("permessage-deflate");

        DeflateAgreement first = DeflateAgreement.negotiate(offer, settings).orElseThrow();
        DeflateAgreement second = DeflateAgreement.negotiate(offer, settings).orElseThrow();
        DeflateAgreement third = DeflateAgreement.negotiate(offer, settings).orElseThrow();

        assertThat(first.headerValue()).isEqualTo("permessage-deflate");
        assertThat(second.headerValue()).isEqualTo("permessage-deflate; client_no_context_takeover");
        assertThat(third.headerValue()).isEqualTo(NONE);
        assertThat(budget.usedBytes()).isEqualTo(2L * MessageDeflater.OWN_BYTES + MessageInflater.OWN_BYTES);

        third.close();
        second.close();
        second.close();

        assertThat(budget.usedBytes()).isEqualTo(MessageDeflater.OWN_BYTES + MessageInflater.OWN_BYTES);

        first.close();

        assertThat(budget.usedBytes()).isZero();
    }

    @Test
    void declinedOffersTakeNothing() {
        MemoryBudget budget = new MemoryBudget(Long.MAX_VALUE);
        DeflateSettings settings = DeflateSettings.withTakeover(budget);

        assertThat(answer(settings, "permessage-deflate; unknown")).isEmpty();
        assertThat(answer(settings, "permessage-deflate", ";")).isEmpty();
        assertThat(budget.usedBytes()).isZero();
    }

    @Test
    void anAgreementWithoutTakeoverIsAConstant() {
        List<String> offer = List.of("permessage-deflate; server_max_window_bits=10");

        assertThat(DeflateAgreement.negotiate(offer, takeover(0)).orElseThrow())
                .isSameAs(DeflateAgreement.negotiate(offer, DeflateSettings.withoutTakeover())
                        .orElseThrow());
    }

    @Test
    void aMessageForManySuitsAWindowThatItFits() {
        DeflateAgreement small = DeflateAgreement.negotiate(
                        List.of("permessage-deflate; server_max_window_bits=9"), DeflateSettings.withoutTakeover())
                .orElseThrow();
        DeflateAgreement large = DeflateAgreement.negotiate(
                        List.of("permessage-deflate"), DeflateSettings.withoutTakeover())
                .orElseThrow();

        assertThat(small.takesShared(512)).isTrue();
        assertThat(small.takesShared(513)).isFalse();
        assertThat(large.takesShared(Integer.MAX_VALUE)).isTrue();
    }

    @Test
    void aBudgetIsNotNegative() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new MemoryBudget(-1))
                .withMessage("maxBytes: -1 (expected: >= 0)");
    }

    @Test
    void aBudgetIsTakenAsAWholeOrNotAtAll() {
        MemoryBudget budget = new MemoryBudget(10);

        assertThat(budget.take(7)).isTrue();
        assertThat(budget.take(4)).isFalse();
        assertThat(budget.take(3)).isTrue();
        assertThat(budget.usedBytes()).isEqualTo(10);
        assertThat(budget).hasToString("10 of 10 bytes");
        assertThat(budget.maxBytes()).isEqualTo(10);
    }
}
