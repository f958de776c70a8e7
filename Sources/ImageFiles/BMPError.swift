/// The errors of reading BMP, with what to do about them.
enum BMPError {
    static func truncated(_ detail: String, _ path: String) -> ImageFileError {
        ImageFileError(
            .truncated, "the BMP file ends before the image does (\(detail))", path: path,
            remedy: "copy or export the file again")
    }

    static func corrupt(_ detail: String, _ path: String) -> ImageFileError {
        ImageFileError(
            .corrupt, "the BMP data is damaged (\(detail))", path: path, remedy: "copy or export the file again")
    }

    static func unsupported(_ detail: String, _ path: String) -> ImageFileError {
        ImageFileError(
            .unsupported, "this kind of BMP is not supported (\(detail))", path: path,
            remedy: "export it as 8 or 16-bit RGB PNG or TIFF")
    }
}
