package dev.parley.upload;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.http.Response;
import dev.parley.upload.UploadDigest.Algorithm;
import dev.parley.upload.UploadState.About;
import dev.parley.upload.UploadState.Stage;
import java.io.IOException;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UploadStateTest {
    private static final About ABOUT = new About(
            Instant.parse("2026-01-02T03:04:05Z"),
            "ä\u2028.txt",
            "text/plain",
            Map.of("a", "b\n\"\0"),
            "a YQ==",
            "partial",
            "ann",
            1L << 40,
            "token",
            new UploadDigest(Algorithm.CRC_32C, new byte[] {1, 2, 3, 4}));

    @Test
    void isReadBackAsItWasWritten() throws IOException {
        UploadState state =
                new UploadState(ABOUT, 123, Instant.parse("2027-01-02T03:04:05Z"), 7, Stage.COMPLETING, null);
        assertThat(UploadState.parse(state.toJson())).isEqualTo(state);
    }

    @Test
    void whatIsNotKnownIsReadBackAsNotKnown() throws IOException {
        About about = new About(Instant.EPOCH, null, null, Map.of(), null, null, null, 5, "token", null);
        UploadState state = new UploadState(about, -1, Instant.EPOCH, -1, Stage.RECEIVING, null);
        assertThat(UploadState.parse(state.toJson())).isEqualTo(state);
    }

    @Test
    void theAnswerIsReadBack() throws IOException {
        Response answer = Response.text("ünï").status(202).header("X-A", "1").header("X-A", "2");
        UploadState state =
                new UploadState(ABOUT, 1, Instant.EPOCH, 3, Stage.COMPLETING, null).done(KeptResponse.of(answer));
        UploadState read = UploadState.parse(state.toJson());
        assertThat(read.stage()).isEqualTo(Stage.DONE);
        assertThat(read.unchecked()).isEqualTo(-1);
        KeptResponse kept = java.util.Objects.requireNonNull(read.answer());
        Response again = kept.toResponse();
        assertThat(again.status()).isEqualTo(202);
        assertThat(again.body())
                .hasValueSatisfying(body -> assertThat(new String(body, UTF_8)).isEqualTo("ünï"));
        assertThat(again.header("content-type")).isEqualTo("text/plain; charset=utf-8");
        assertThat(kept.headers()).contains("X-A", "1", "2");
    }

    @Test
    void aLargeBodyIsNotKept() {
        Response answer = Response.bytes("image/png", new byte[KeptResponse.MAX_BODY_BYTES + 1]);
        assertThat(KeptResponse.of(answer).toResponse().body()).isPresent(); // who is there gets it
        assertThat(KeptResponse.of(answer).kept().toResponse().body()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "x",
                "{}",
                "[]",
                "{\"version\":2}",
                "{\"version\":1}",
                "{\"version\":1,\"stage\":\"X\"}",
                "null"
            })
    void whatIsNoRecordIsSaidToBeNone(String json) {
        assertThatThrownBy(() -> UploadState.parse(json.getBytes(UTF_8))).isInstanceOf(IOException.class);
    }
}
