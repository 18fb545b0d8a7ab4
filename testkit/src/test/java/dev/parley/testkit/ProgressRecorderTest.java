package dev.parley.testkit;

import static dev.parley.testkit.ParleyAssertions.assertThat;
import static dev.parley.upload.UploadProgress.EventType.ABORT;
import static dev.parley.upload.UploadProgress.EventType.LOAD;
import static dev.parley.upload.UploadProgress.EventType.LOADEND;
import static dev.parley.upload.UploadProgress.EventType.LOADSTART;
import static dev.parley.upload.UploadProgress.EventType.PROGRESS;
import static dev.parley.upload.UploadProgress.EventType.TIMEOUT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.upload.UploadProgress;
import dev.parley.upload.UploadProgress.EventType;
import dev.parley.upload.UploadProgress.Phase;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProgressRecorderTest {
    private final ProgressRecorder progress = new ProgressRecorder();

    private void tell(String upload, EventType type, long loaded) {
        progress.accept(new UploadProgress(upload, type, true, loaded, 10, 0, Phase.RECEIVING));
    }

    private void tell(EventType... types) {
        for (EventType type : types) {
            tell("a", type, 5);
        }
    }

    @Test
    void whatIsToldOfSeveralUploadsIsTakenApart() {
        tell("a", LOADSTART, 0);
        tell("b", LOADSTART, 0);
        tell("a", PROGRESS, 4);
        tell("b", PROGRESS, 2);
        tell("b", PROGRESS, 3);
        tell("a", LOAD, 10);
        tell("a", LOADEND, 10);

        assertThat(progress).isInOrder().hasTypes(LOADSTART, LOADSTART, PROGRESS, PROGRESS, LOAD, LOADEND);
        assertThat(progress.uploads()).containsExactly("a", "b");
        assertThat(progress.of("a"))
                .hasTypes(LOADSTART, PROGRESS, LOAD, LOADEND)
                .hasLoaded(10);
        assertThat(progress.of("b")).hasTypes(LOADSTART, PROGRESS).hasLoaded(3);
        assertThat(progress.of("b")).hasToString("loadstart 0, progress 2, progress 3");
        assertThat(progress.of("c")).isInOrder().hasTypes().hasToString("nothing");
        assertThat(progress.told()).hasSize(7);
    }

    @Test
    void anUploadMayBeBrokenOffAndResumedAndGivenUp() {
        tell(LOADSTART, ABORT, LOADEND, LOADSTART, PROGRESS, ABORT, LOADEND, TIMEOUT, LOADEND);
        assertThat(progress).isInOrder();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    PROGRESS                   | progress: came first (expected: loadstart)
                    ABORT                      | abort: came first (expected: loadstart)
                    LOADEND                    | loadend: came first (expected: loadstart)
                    LOADSTART LOADSTART        | loadstart: came behind loadstart
                    LOADSTART PROGRESS LOADEND | loadend: came behind progress
                    LOADSTART LOAD LOAD        | load: came behind load
                    LOADSTART LOAD PROGRESS    | progress: came behind load
                    LOADSTART LOAD LOADSTART   | loadstart: came behind load
                    LOADSTART ABORT LOADEND PROGRESS | progress: came behind loadend
                    LOADSTART ABORT LOADEND LOADEND  | loadend: came behind loadend
                    """)
    void whatIsOutOfOrderIsFound(String types, String message) {
        for (String type : types.split(" ", -1)) {
            tell(EventType.valueOf(type));
        }
        assertThatThrownBy(() -> assertThat(progress).isInOrder())
                .isInstanceOf(AssertionError.class)
                .hasMessage("upload a: " + message + " (told: " + progress + ')');
    }

    @Test
    void bytesThatGetLostOrAreTooManyAreFound() {
        tell("a", LOADSTART, 5);
        tell("a", PROGRESS, 4);
        assertThatThrownBy(() -> assertThat(progress).isInOrder())
                .hasMessage(
                        "upload a: progress: 4 bytes (expected: at least 5, as before) (told: loadstart 5, progress 4)");
        tell("b", LOADSTART, 11);
        assertThatThrownBy(() -> assertThat(progress.of("b")).isInOrder())
                .hasMessage("upload b: loadstart: 11 bytes (expected: at most 10) (told: loadstart 11)");
    }

    @Test
    void otherwiseItSaysWhatThereIs() {
        tell(LOADSTART, PROGRESS, PROGRESS);
        assertThatThrownBy(() -> assertThat(progress).hasTypes(LOADSTART, LOAD))
                .hasMessage(
                        "loadstart 5, progress 5, progress 5: types: [LOADSTART, PROGRESS] (expected: [LOADSTART, LOAD])");
        assertThatThrownBy(() -> assertThat(progress).hasLoaded(6))
                .hasMessage("loadstart 5, progress 5, progress 5: loaded: 5 (expected: 6)");
        assertThatThrownBy(() -> assertThat(new ProgressRecorder()).hasLoaded(0))
                .hasMessage("nothing: loaded: null (expected: 0)");
    }
}
