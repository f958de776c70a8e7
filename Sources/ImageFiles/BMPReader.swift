enum BMPReader {
    static func decode(_ bytes: [UInt8], path: String) throws(ImageFileError) -> ImageFile {
        throw ImageFileError(.unsupported, "BMP is not read yet", path: path, remedy: "give a PNG file")
    }
}
