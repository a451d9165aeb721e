# lyncdr: one command for the management host, written for a person to read and to run there, once:
#
#     powershell.exe -NoProfile -ExecutionPolicy RemoteSigned -File {path}
#
# What it runs:  {command}
# What it does:  {effect}
#
# It refuses to run a second time, and after {until} (UTC), and leaves what the command said in a file
# beside it, whose name ends with .result. It needs PowerShell 2.0 or later and writes nothing else.
#
# The same, for machines: {data}

{literals}
$notAfter = '{until}'

# ------------------------------------------------------------------------------------------------------------------
# From here on every script of lyncdr is the same.

$ErrorActionPreference = 'Stop'
$script = $MyInvocation.MyCommand.Path
$base = $script.Substring(0, $script.Length - 4)
$invariant = [Globalization.CultureInfo]::InvariantCulture
$said = New-Object System.Collections.ArrayList

function Get-Text64($text) {
    [Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes([string]$text))
}

function Get-Sha256([byte[]]$bytes) {
    $sum = (New-Object System.Security.Cryptography.SHA256Managed).ComputeHash($bytes)
    [BitConverter]::ToString($sum).Replace('-', '').ToLowerInvariant()
}

# s: text in base64 of UTF-8, i: a whole number, b: true or false, n: nothing, [...]: a list of these.
function Get-Token($value) {
    if ($null -eq $value) { return 'n' }
    if ($value -is [bool]) { if ($value) { return 'b1' } else { return 'b0' } }
    if ($value -is [string] -or $value -is [Enum] -or $value -is [char]) { return 's' + (Get-Text64 $value) }
    if ($value -is [DateTime]) { return 's' + (Get-Text64 $value.ToString('o', $invariant)) }
    if ($value -is [byte] -or $value -is [int16] -or $value -is [int] -or $value -is [long] -or
        $value -is [uint16] -or $value -is [uint32]) { return 'i' + $value.ToString($invariant) }
    if ($value -is [Collections.IEnumerable] -and $value -isnot [Collections.IDictionary]) {
        $tokens = @()
        foreach ($one in $value) {
            if ($one -is [Collections.IEnumerable] -and $one -isnot [string]) { $one = [string]$one }
            $tokens += (Get-Token $one)
        }
        return '[' + ($tokens -join ',') + ']'
    }
    's' + (Get-Text64 $value)
}

function Add-Line($words) {
    [void]$said.Add(($words -join ' '))
}

function Add-Fault($record) {
    $message = $record.Exception.Message
    if ($record.ErrorDetails -and $record.ErrorDetails.Message) { $message = $record.ErrorDetails.Message }
    $target = ''
    if ($null -ne $record.TargetObject) { $target = [string]$record.TargetObject }
    Add-Line @('fault', ('s' + (Get-Text64 $message)), ('s' + (Get-Text64 $record.FullyQualifiedErrorId)),
        ('s' + (Get-Text64 $target)))
}

function Add-Output($found) {
    if ($found -is [Management.Automation.ErrorRecord]) { Add-Fault $found; return }
    if ($null -eq $found -or $found -is [string] -or $found -is [ValueType]) {
        Add-Line @('value', (Get-Token $found))
        return
    }
    $words = @('record')
    foreach ($property in $found.PSObject.Properties) {
        if ($property.MemberType.ToString() -notlike '*Property') { continue }
        $value = $null
        try { $value = $property.Value } catch { $value = $null }
        $words += ((Get-Text64 $property.Name) + ':' + (Get-Token $value))
    }
    Add-Line $words
}

function Invoke-Cmdlet {
    foreach ($module in 'Lync', 'SkypeForBusiness') {
        if (-not (Get-Command $cmdlet -ErrorAction SilentlyContinue)) {
            Import-Module $module -ErrorAction SilentlyContinue
        }
    }
    $warned = @()
    try {
        $ErrorActionPreference = 'Continue'
        if ($feed.Count) {
            $feed | & $cmdlet @parameters -WarningVariable warned 2>&1 | ForEach-Object { Add-Output $_ }
        }
        else {
            & $cmdlet @parameters -WarningVariable warned 2>&1 | ForEach-Object { Add-Output $_ }
        }
    }
    catch {
        Add-Fault $_
    }
    foreach ($warning in $warned) { Add-Line @('warning', ('s' + (Get-Text64 $warning))) }
}

function Invoke-Program {
    $out, $err = "$base.out", "$base.err"
    $how = @{ 'FilePath' = $program; 'NoNewWindow' = $true; 'PassThru' = $true
        'RedirectStandardOutput' = $out; 'RedirectStandardError' = $err }
    if ($arguments) { $how['ArgumentList'] = $arguments }
    try {
        $process = Start-Process @how
        $handle = $process.Handle  # without it, there is no exit code afterwards
        $process.WaitForExit()
        $code = $process.ExitCode
        $texts = $out, $err | ForEach-Object { 's' + (Get-Text64 ([IO.File]::ReadAllText($_, [Console]::OutputEncoding))) }
        Add-Line @('exit', "i$code", $texts[0], $texts[1])
    }
    catch {
        Add-Line @('exit', 'i1', 's', ('s' + (Get-Text64 $_.Exception.Message)))
    }
    finally {
        $out, $err | Where-Object { Test-Path -LiteralPath $_ } | ForEach-Object { Remove-Item -LiteralPath $_ }
    }
}

$styles = [Globalization.DateTimeStyles]'AssumeUniversal, AdjustToUniversal'
$deadline = [DateTime]::ParseExact($notAfter, 'yyyy-MM-dd HH:mm:ss', $invariant, $styles)
if ([DateTime]::UtcNow -gt $deadline) {
    Write-Host "Too late: nobody waits for this command any more. Nothing was done."
    exit 5
}
try {
    [IO.File]::Open("$base.started", [IO.FileMode]::CreateNew).Close()
}
catch {
    Write-Host "This script has been run, or was withdrawn. Nothing was done. ($($_.Exception.Message))"
    exit 5
}

Add-Line @('lyncdr-result', '1')
Add-Line @('script', (Get-Sha256 ([IO.File]::ReadAllBytes($script))))
Add-Line @('by', ('s' + (Get-Text64 "$([Environment]::UserDomainName)\$([Environment]::UserName) on $([Environment]::MachineName)")))
if ($program) { Invoke-Program } else { Invoke-Cmdlet }
$body = ($said -join "`n") + "`n"
$ascii = New-Object System.Text.ASCIIEncoding
$end = "end $($said.Count) $(Get-Sha256 ($ascii.GetBytes($body)))`n"
[IO.File]::WriteAllText("$base.writing", $body + $end, $ascii)
[IO.File]::Move("$base.writing", "$base.result")
Write-Host "Done: $base.result"
