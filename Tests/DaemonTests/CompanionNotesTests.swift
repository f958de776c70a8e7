import Config
import Daemon
import Foundation
import Glibc
import ImageFiles
import Jobs
import TestSupport
import Testing
import Watching

/// What LAS X writes beside its exports, as the daemon reads it.
@Suite(.timeLimit(.minutes(5))) struct CompanionNotesTests {
    private static func xml(_ objective: String, width: Int = 160) -> String {
        """
        <?xml version="1.0"?><Data><Image><ImageDescription><Dimensions>
        <DimensionDescription DimID="X" NumberOfElements="\(width)" Length="\(Double(width - 1) * 0.1e-6)" Unit="m"/>
        <DimensionDescription DimID="Y" NumberOfElements="\(width)" Length="\(Double(width - 1) * 0.1e-6)" Unit="m"/>
        </Dimensions></ImageDescription><Attachment SystemTypeName="DM6 B">
        <ATLCameraSettingDefinition ObjectiveName="\(objective)" ExposureTime="0.012"/></Attachment></Image></Data>
        """
    }

    @Test(
        "It is in the sidecar, in the result's resolution, and decides between rules; its folder holds no captures",
        arguments: [DaemonConfiguration.Isolation.threads, .processes])
    func read(isolation: DaemonConfiguration.Isolation) async throws {
        let space = try Workspace()
        let profile = try WorkerBench.profile(in: space)
        let processors: (any ProcessorSource)? =
            isolation == .threads ? EngineShelf(weights: nil, threads: 1, cache: nil, log: EventLog { _ in }) : nil
        let bench = try DaemonBench(space: space, isolation: isolation, processors: processors) {
            var oil = profile
            (oil.name, oil.text) = ("oil", oil.text.replacing("\"lab-a\"", with: "\"oil\""))
            $0.profiles = ["lab-a": profile, "lab-b": profile, "oil": oil]
            $0.watches[0].rules = [WatchSettings.Rule(name: "oil", objective: "*100x*", profile: "oil")]
        }
        try space.write(Self.xml("HC PL APO 100x/1.40 OIL"), to: "lab-a/day/MetaData/Project_Image001.xml")
        try space.write(try WorkerBench.picture(1), to: "lab-a/day/Project_Image001_ch00.png")
        try space.write(try WorkerBench.picture(2), to: "lab-a/day/other.png")
        try await bench.run {
            try await bench.finish("day/Project_Image001_ch00.png", "day/other.png", done: 2)
        }
        let said = try #require(try bench.sidecar("lab-a/day/Project_Image001_ch00.png"))
        #expect(said.source.objective == "HC PL APO 100x/1.40 OIL" && said.source.model == "DM6 B")
        #expect(said.source.make == "Leica" && said.source.exposureSeconds == 0.012)
        #expect(abs((said.source.micrometersPerPixel ?? 0) - 0.1) < 1e-6)
        #expect(said.profile?.name == "oil" && said.capture?.rule == "oil")
        let image = try ImageReader.decode(
            [UInt8](try #require(space.read("out/lab-a/day/Project_Image001_ch00.png"))), name: "result")
        #expect(abs((image.metadata.micrometersPerPixel ?? 0) - 0.1) < 1e-3)
        let unsaid = try #require(try bench.sidecar("lab-a/day/other.png"))
        #expect(unsaid.source.objective == nil && unsaid.profile?.name == "lab-a")
        let filter = try CaptureFilter(settings: bench.configuration.watches[0])
        #expect(filter.ignoringRule(CapturePath("day/MetaData/picture.png")!) != nil)
    }

    @Test("What cannot be read, or says nothing, is no reason to fail or to wait")
    func useless() async throws {
        let bench = try DaemonBench()
        let folder = bench.space("lab-a/MetaData")
        for number in 1...7 { try bench.write("\(number).png", seed: UInt64(number)) }
        try bench.space.write("no markup at all", to: "lab-a/MetaData/1.xml")
        try bench.space.write([UInt8](repeating: 0xFF, count: 4096), to: "lab-a/MetaData/2.xml")
        #expect(mkfifo(folder + "/3.xml", 0o600) == 0)
        try FileManager.default.createSymbolicLink(atPath: folder + "/4.xml", withDestinationPath: "/etc/passwd")
        try FileManager.default.createDirectory(atPath: folder + "/5.xml", withIntermediateDirectories: false)
        try bench.space.write("", to: "lab-a/MetaData/6.xml")
        try bench.space.write("<Data>", to: "lab-a/MetaData/7.xml")
        #expect(truncate(folder + "/7.xml", 1 << 30) == 0)
        // The first that says something counts.
        try bench.space.write(Self.xml("20x"), to: "lab-a/MetaData/1_Properties.xml")
        try await bench.run {
            for number in 1...7 { try await bench.announce("\(number).png") }
            await bench.events.wait(for: "done", count: 7)
        }
        #expect(bench.events.count("failed") == 0 && bench.events.count("retrying") == 0)
        #expect(try bench.sidecar("lab-a/1.png")?.source.objective == "20x")
        for number in 2...7 {
            let source = try #require(try bench.sidecar("lab-a/\(number).png")).source
            #expect(source.objective == nil && source.make == nil, "\(number)")
        }
    }
}
