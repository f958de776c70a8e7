// Repaints one capture in the colors of a reference: normalize-one REFERENCE CAPTURE RESULT.png
import ImageFiles
import NCTEngine

let names = CommandLine.arguments
let reference = try ImageReader.read(path: names[1])
var capture = try ImageReader.read(path: names[2])
let normalizer = try Normalizer(
    extractor: SmearNet.embedded, references: [reference.image], parameters: NormalizationParameters(),
    workers: Workers(threads: 4))
let result = try normalizer.normalize(capture.image)
capture.image = result.image
try OutputFile.write(
    ImageWriter.encode(capture, options: ImageWriteOptions(format: .png)), to: names[3], overwrite: true)
print("\(names[3]): \(result.quality.verdict)")
