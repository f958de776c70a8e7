import Commands

await NCTDCommand.main()
