package dev.parley.http.codec;

/**
 * What a sender can do wrong in a body in several parts: all of it, each with the status and the text that answers it.
 *
 * <p><b>Threading.</b> Immutable.
 */
public enum Violation {
    /** The content type is not {@code multipart/form-data}. */
    NOT_FORM_DATA(415, "the content type is not multipart/form-data", "RFC 7578 section 4"),
    /** The content type names no boundary. */
    NO_BOUNDARY(400, "there is no boundary", "RFC 2046 section 5.1.1"),
    /** A boundary of more than 70 characters. */
    BOUNDARY_TOO_LONG(400, "the boundary is longer than 70 characters", "RFC 2046 section 5.1.1"),
    /** A boundary that has other characters than a boundary may, or ends in a space. */
    BOUNDARY_CHARACTER(400, "the boundary has a character that is not allowed", "RFC 2046 section 5.1.1"),
    /** More stands before the first delimiter than is allowed here. */
    PREAMBLE_TOO_LONG(413, "there is too much before the first part", "RFC 2046 section 5.1.1"),
    /** A boundary's line that goes on with something else than blanks. */
    DELIMITER_LINE(400, "a boundary's line goes on", "RFC 2046 section 5.1.1"),
    /** A line of a head, or of a delimiter, that does not end in CR and LF. */
    LINE_END(400, "a line does not end in CR LF", "RFC 2046 section 5.1.1"),
    /** A part's head is longer than is allowed here. */
    HEAD_TOO_LONG(413, "the head of a part is too long", "RFC 7578 section 4"),
    /** More parts than are allowed here. */
    TOO_MANY_PARTS(413, "there are too many parts", "RFC 7578 section 4"),
    /** A name, or a file's name, is longer than is allowed here. */
    NAME_TOO_LONG(413, "a name is too long", "RFC 7578 section 4.2"),
    /** A control character in a head. */
    CONTROL_CHARACTER(400, "the head of a part has a control character", "RFC 9110 section 5.5"),
    /** A head that is not UTF-8. */
    NOT_UTF8(400, "the head of a part is not UTF-8", "RFC 7578 section 5.1"),
    /** A line of a head that is no header field, or is folded. */
    NOT_A_FIELD(400, "the head of a part has a line that is no field", "RFC 822 section 3.1"),
    /** {@code Content-Disposition} or another field that may be there once is there twice. */
    FIELD_TWICE(400, "a field is there twice", "RFC 7578 section 4.8"),
    /** A value, or its parameters, that do not follow the grammar. */
    VALUE(400, "a field's value is not well-formed", "RFC 2183 section 2"),
    /** A parameter that is there twice. */
    PARAMETER_TWICE(400, "a parameter is there twice", "RFC 2183 section 2"),
    /** A {@code filename*} that is not well-formed, or in another charset than UTF-8 and ISO-8859-1. */
    EXTENDED_VALUE(400, "an extended value is not well-formed", "RFC 8187 section 3.2"),
    /** A part whose disposition is not {@code form-data}, or that has none. */
    NO_DISPOSITION(400, "a part has no disposition form-data", "RFC 7578 section 4.2"),
    /** A part without a name. */
    NO_NAME(400, "a part has no name", "RFC 7578 section 4.2"),
    /** A part in {@code base64}, {@code quoted-printable} or another transfer encoding. */
    TRANSFER_ENCODING(415, "a part has a transfer encoding", "RFC 7578 section 4.7"),
    /** The body ends before the boundary that ends it. */
    CUT_OFF(400, "the body ends before its last boundary", "RFC 2046 section 5.1.1");

    private final int status;
    private final String text;
    private final String source;

    Violation(int status, String text, String source) {
        this.status = status;
        this.text = text;
        this.source = source;
    }

    /**
     * The HTTP status that answers it.
     *
     * @return 400, 413 or 415
     */
    public int status() {
        return status;
    }

    /**
     * What the sender is told.
     *
     * @return a short text, with nothing of what was sent
     */
    public String text() {
        return text;
    }

    /**
     * Where it is said that this is wrong, or what the limit is about.
     *
     * @return a section of an RFC
     */
    public String source() {
        return source;
    }
}
