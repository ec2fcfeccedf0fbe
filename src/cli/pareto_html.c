/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pareto_html.c - a frontier as one HTML page: a scatter plot in SVG to explore, and a table.
 *
 * Idea       The page has the points as JSON and a short script that draws them: one chooses the
 *            objectives of the axes and of the colour, narrows each objective by two sliders, reads
 *            a point under the pointer, and pins one by a click. Nothing is fetched: it opens
 *            from a file, in years too.
 * Safety     names come from files others made: in the JSON '<' is written as an escape, so that no
 *            text ends the script; the script sets text, never markup.
 */
#include <string.h>

#include "cli/pareto_cli.h"

static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
    "<title>Pareto frontier</title>\n<style>\n"
    "body{font:15px/1.5 system-ui,sans-serif;margin:2em auto;max-width:68em;color:#222;"
    "padding:0 1em}\n"
    "h1{font-size:1.3em;margin:0}p{margin:.3em 0 1em;color:#555}\n"
    ".bar{display:flex;flex-wrap:wrap;gap:.6em 2em;margin:1em 0}label{color:#555}\n"
    "fieldset{border:1px solid #ddd;border-radius:6px;padding:.3em .8em .6em}\n"
    "legend{color:#555}input[type=range]{width:9em;vertical-align:middle}\n"
    "output{display:inline-block;min-width:6.5em;font-variant-numeric:tabular-nums}\n"
    "svg{width:100%;height:auto;border:1px solid #ddd;border-radius:6px;background:#fff}\n"
    "svg text{font:12px system-ui,sans-serif;fill:#555}circle{cursor:pointer}\n"
    "circle:hover{stroke:#000;stroke-width:1.5}.pin{stroke:#c00;stroke-width:2.5}\n"
    "#about{min-height:3.2em;white-space:pre-wrap;font-family:ui-monospace,monospace;"
    "font-size:13px}\n"
    "table{border-collapse:collapse;font-size:13px;font-variant-numeric:tabular-nums}\n"
    "td,th{padding:.15em .8em;text-align:right;border-bottom:1px solid #eee}\n"
    "td:last-child,th:last-child{text-align:left;font-family:ui-monospace,monospace}\n"
    "</style></head><body>\n<h1>Pareto frontier</h1><p id=\"sum\"></p>\n"
    "<div class=\"bar\"><label>across <select id=\"x\"></select></label>\n"
    "<label>up <select id=\"y\"></select></label>\n"
    "<label>colour <select id=\"c\"></select></label>\n"
    "<label><input type=\"checkbox\" id=\"log\" checked> logarithmic where values "
    "spread</label></div>\n"
    "<svg id=\"plot\" viewBox=\"0 0 980 520\" role=\"img\" aria-label=\"scatter plot of the "
    "frontier\"></svg>\n"
    "<div id=\"about\">Point at a dot to read it, click to pin it.</div>\n"
    "<div class=\"bar\" id=\"limits\"></div><table id=\"list\"></table>\n"
    "<noscript>This page draws its plot with a script; the points stand in its source.</noscript>\n"
    "<script id=\"data\" type=\"application/json\">";

static const char script[] =
    "</script>\n<script>\n'use strict';\n"
    "const D=JSON.parse(document.getElementById('data').textContent),O=D.objectives,P=D.frontier;\n"
    "const "
    "$=i=>document.getElementById(i),fmt=v=>v.toLocaleString('en',{maximumSignificantDigits:6});\n"
    "const at=(p,k)=>p[O[k].key],range=O.map((o,k)=>{let a=Infinity,b=-Infinity;\n"
    "  for(const p of P){a=Math.min(a,at(p,k));b=Math.max(b,at(p,k))}return[a,b]});\n"
    "const lim=range.map(r=>r.slice());let pin=null;\n"
    "$('sum').textContent=D.points.toLocaleString('en')+' points of '+"
    "D.pairs.toLocaleString('en')+' pairs, of '+D.networks+' networks and '+D.accelerators+"
    "' accelerators. Better: '+O.map(o=>o.name+(o.maximise?' \\u2191':' \\u2193')).join(', "
    "')+'.';\n"
    "for(const[id,k]of[['x',Math.min(1,O.length-1)],['y',0],['c',O.length-1]]){\n"
    "  O.forEach((o,i)=>{const e=new Option(o.key.replace('_',' in '),i);$(id).add(e)});\n"
    "  $(id).value=k;$(id).onchange=draw}\n"
    "$('log').onchange=draw;\n"
    "O.forEach((o,k)=>{const f=document.createElement('fieldset'),l=document.createElement("
    "'legend');\n"
    "  l.textContent=o.key.replace('_',' in ');f.append(l);\n"
    "  [0,1].forEach(s=>{const i=document.createElement('input'),t=document.createElement("
    "'output');\n"
    "    i.type='range';i.min=0;i.max=1000;i.value=1000*s;i.ariaLabel=o.key+(s?' most':' least');\n"
    "    t.textContent=fmt(range[k][s]);\n"
    "    i.oninput=()=>{const[a,b]=range[k],u=i.value/1000;\n"
    "      lim[k][s]=u==0?a:u==1?b:a>0?a*Math.pow(b/a,u):a+(b-a)*u;\n"
    "      t.textContent=fmt(lim[k][s]);draw()};\n"
    "    f.append(s?' most ':'least ',i,t)});$('limits').append(f)});\n"
    "function hue(u){return'hsl('+(250-210*u)+' 75% '+(42+14*u)+'%)'}\n"
    "function el(n,a,text){const e=document.createElementNS('http://www.w3.org/2000/svg',n);\n"
    "  for(const k in a)e.setAttribute(k,a[k]);if(text!==undefined)e.textContent=text;return e}\n"
    "function scale(k,lo,hi,log){const[a,b]=range[k],L=log&&a>0&&b>8*a,g=v=>L?Math.log(v):v,\n"
    "  d=g(b)-g(a)||1,s=v=>lo+(hi-lo)*(g(v)-g(a))/d;\n"
    "  s.back=u=>L?Math.exp(g(a)+d*u):a+d*u;return s}\n"
    "function about(p){return p?Object.entries(p).map(([k,v])=>k+' '+(typeof v=='number'?fmt(v):v))"
    ".join('   '):'Point at a dot to read it, click to pin it.'}\n";

static const char drawing[] =
    "function draw(){const s=$('plot'),kx=+$('x').value,ky=+$('y').value,kc=+$('c').value,\n"
    "  log=$('log').checked;s.replaceChildren();\n"
    "  const X=scale(kx,80,930,log),Y=scale(ky,460,30,log),C=scale(kc,0,1,log);\n"
    "  for(let i=0;i<=5;i++){const u=i/5,x=80+850*u,y=460-430*u;\n"
    "    s.append(el('line',{x1:x,x2:x,y1:30,y2:460,stroke:'#eee'}),\n"
    "      el('line',{x1:80,x2:930,y1:y,y2:y,stroke:'#eee'}),\n"
    "      el('text',{x:x,y:478,'text-anchor':'middle'},fmt(X.back(u))),\n"
    "      el('text',{x:72,y:y+4,'text-anchor':'end'},fmt(Y.back(u))))}\n"
    "  s.append(el('text',{x:505,y:505,'text-anchor':'middle'},O[kx].key.replace('_',' in ')),\n"
    "    el('text',{x:18,y:245,'text-anchor':'middle',transform:'rotate(-90 18 245)'},\n"
    "      O[ky].key.replace('_',' in ')));\n"
    "  const on=P.filter(p=>O.every((o,k)=>at(p,k)>=lim[k][0]&&at(p,k)<=lim[k][1])),yes=new "
    "Set(on);"
    "\n"
    "  for(let i=0;i<60;i++){const u=i/59;s.append(el('rect',{x:690+4*i,y:8,width:4.5,height:10,"
    "fill:hue(u)}))}\n"
    "  s.append(el('text',{x:684,y:17,'text-anchor':'end'},O[kc].key.replace('_',' in ')+' '+"
    "fmt(range[kc][0])),el('text',{x:936,y:17},fmt(range[kc][1])));\n"
    "  for(const p of P)if(!yes.has(p))s.append(el('circle',{cx:X(at(p,kx)),cy:Y(at(p,ky)),r:2.5,"
    "fill:'#ddd'}));\n"
    "  for(const p of on){const u=C(at(p,kc)),e=el('circle',{cx:X(at(p,kx)),cy:Y(at(p,ky)),r:4.5,\n"
    "      fill:hue(u),'fill-opacity':.85});\n"
    "    e.onmouseenter=()=>{$('about').textContent=about(p)};\n"
    "    e.onmouseleave=()=>{$('about').textContent=about(pin)};\n"
    "    e.onclick=()=>{pin=pin===p?null:p;draw()};\n"
    "    if(p===pin)e.classList.add('pin');s.append(e)}\n"
    "  $('about').textContent=about(pin);\n"
    "  const t=$('list');t.replaceChildren();let r=t.insertRow();\n"
    "  for(const h of[...O.map(o=>o.key.replace('_',' in ')),'accelerator','pairs','network']){\n"
    "    const c=document.createElement('th');c.textContent=h;r.append(c)}\n"
    "  for(const p of on.slice(0,200)){r=t.insertRow();\n"
    "    for(const v of[...O.map((o,k)=>fmt(at(p,k))),p.accelerator,p.pairs,p.network])\n"
    "      r.insertCell().textContent=v}\n"
    "  if(on.length>200){r=t.insertRow();r.insertCell().textContent='... '+on.length+"
    "' points are within the limits'}}\n"
    "draw();\n</script></body></html>\n";

/* `text` with '<' as "\u003c", which JSON reads as the same. */
static void put_inside_script(dvt_buf *out, const char *text)
{
    for (size_t n; *text; text += n) {
        n = strcspn(text, "<");
        dvt_buf_append(out, text, n);
        if (text[n] == '<') {
            dvt_buf_puts(out, "\\u003c");
            n++;
        }
    }
}

void pareto_print_html(cli_run *r, const dvt_frontier *f)
{
    dvt_buf json, *out = r->out;

    dvt_buf_puts(out, head);
    dvt_buf_init(&json, r->ctx, 0);
    r->out = &json;
    pareto_print_json(r, f, 0);
    r->out = out;
    if (dvt_buf_status(&json) == DVT_OK) {
        put_inside_script(out, json.data);
        dvt_buf_puts(out, script);
        dvt_buf_puts(out, drawing);
    } else {
        out->status = dvt_buf_status(&json);
    }
    dvt_buf_deinit(&json);
}
