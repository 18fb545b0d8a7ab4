package dev.parley.http.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

/** Values with parameters. */
class FieldValueTest {
    @Test
    void anExtendedParameterIsTheBetterText() {
        FieldValue value = FieldValue.parse("attachment; filename=\"a%20b\"; filename*=UTF-8''%c3%a4; other=c");
        assertThat(value.text("filename")).isEqualTo("\u00e4");
        assertThat(value.text("other")).isEqualTo("c");
        assertThat(value.text("missing")).isNull();
        assertThat(FieldValue.parse("attachment; filename=\"a%20b\"").text("filename"))
                .isEqualTo("a%20b");
    }

    @Test
    void anExtendedParameterThatIsNoneIsRefused() {
        FieldValue value = FieldValue.parse("attachment; a*=UTF-8''%ff; b*=x");
        assertThatThrownBy(() -> value.text("a")).isInstanceOf(ViolationException.class);
        assertThatThrownBy(() -> value.text("b")).isInstanceOf(ViolationException.class);
    }
}
